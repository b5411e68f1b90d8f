//! Codes of definitions (01), sources (02) and records (03).

use super::Code;

/// In order.
pub const CODES: &[Code] = &[
    Code {
        code: "E0101",
        title: "the file is not YAML",
        explanation: "The text cannot be read as one YAML document, so nothing else in it was checked. The usual causes are a tab used as indentation, a colon within an unquoted text, a quote that is not closed, and a second document after `---`. Go to the line that is named; the cause is often on the line above it.",
    },
    Code {
        code: "E0102",
        title: "a file cannot be read",
        explanation: "The file or folder is not there, may not be read by this user, is not UTF-8, or the folder holds no `*.yaml`. Check the path and its permissions; save files from old editors again as UTF-8.",
    },
    Code {
        code: "E0103",
        title: "the file is too large",
        explanation: "A definition may have 1 MiB, 32 levels of nesting, 100,000 values (those that aliases repeat counted each time) and 500 fields in one table. One file describes one system: split the file, or move large crosswalks into a code list.",
    },
    Code {
        code: "E0104",
        title: "unknown key",
        explanation: "The language does not know this key at this place, so it would have had no effect; that is why it is an error. Nearly always it is a misspelling or stands one level too deep or too shallow. The help names the nearest valid key, or all that are valid here.",
    },
    Code {
        code: "E0105",
        title: "a key is missing",
        explanation: "Something that has no default is not said. Add the key that is named; the README of the connectors describes each.",
    },
    Code {
        code: "E0106",
        title: "wrong type",
        explanation: "A table of keys stands where a text is due, or the like, or a choice of exactly one way names none or two. Look at the indentation first: a value one level too deep becomes a table.",
    },
    Code {
        code: "E0107",
        title: "a key stands twice",
        explanation: "Of two equal keys YAML readers silently take one; this one refuses. It is usually left over from copying. Take one of the two out, or give it another name.",
    },
    Code {
        code: "E0108",
        title: "the value is not allowed",
        explanation: "A number, duration, share or word is not one that the key takes. Durations are a whole number and a unit (500ms, 30s, 10m, 6h, 1d); shares are percentages with at most two decimals (2%, 0.5%).",
    },
    Code {
        code: "E0109",
        title: "the name is not allowed",
        explanation: "Ids of systems and names of streams have 1 to 40 of a-z, 0-9 and `-` and begin with a letter; a region is a Kemendagri code such as \"33.02\", in quotes; a time zone is one of Asia/Jakarta, Asia/Makassar, Asia/Jayapura or another name of the IANA database. They become part of routing keys and identities, so they are strict.",
    },
    Code {
        code: "E0110",
        title: "unknown kind of source",
        explanation: "`kind` names a way of reaching a system: http, sql or files. Check the spelling; a system that can only be exported by hand is of kind files.",
    },
    Code {
        code: "E0111",
        title: "the option belongs to another kind",
        explanation: "The key exists, but not for sources of this kind. It is usually left over from a definition that was copied from another system. Take it out; the help lists what is valid here.",
    },
    Code {
        code: "E0112",
        title: "unknown record type",
        explanation: "`target` names the canonical record type that the stream maps to. `muara schema list` shows them all.",
    },
    Code {
        code: "E0113",
        title: "unknown target",
        explanation: "The record type has no such field, or a path goes into a field that has none. The help names the nearest field; `muara schema show TYPE` shows all with their descriptions. What has no place in the schema does not travel: leave it out.",
    },
    Code {
        code: "E0114",
        title: "a required target is not filled",
        explanation: "The schema requires this field, and no line of `map` gives it a value, so that every record would be quarantined. Map it, or give it a `const`. `region` is filled in from `system.region`. Of a nested object such as `sp2d` the required fields are due as soon as one of its fields is mapped.",
    },
    Code {
        code: "E0115",
        title: "unknown converter",
        explanation: "`as` names a converter that does not exist, or its pattern cannot be read. Converters: text, code, money, money_id, decimal(n), decimal_id(n), int, bool, date, datetime, month, year; the last four take a pattern in double quotes, made of yyyy MM M dd d MMM MMMM HH H mm ss.",
    },
    Code {
        code: "E0116",
        title: "the rule cannot fill the target",
        explanation: "The converter makes another type than the field has, or a single value is mapped to a list or object, or the reverse. Usually `as` can simply be left out: the type of the target decides. A list of objects is filled by `each`, an object by its fields one by one.",
    },
    Code {
        code: "E0117",
        title: "a constant does not fit the target",
        explanation: "A value of `const`, `default` or `via` is not one that the schema allows for this field, so every record that gets it would be quarantined. The help names the nearest allowed value.",
    },
    Code {
        code: "E0118",
        title: "a secret stands in clear",
        explanation: "Passwords and tokens must not stand in definitions, for these are copied, shown and kept in version control. Write a reference instead, {env: NAME}, {file: PATH} or {cmd: \"…\"}, and change the secret: whoever has the file has seen it. The line is not shown, so that it does not reach logs.",
    },
    Code {
        code: "E0119",
        title: "a name is used twice",
        explanation: "Two files describe the same system of the same region, or two tests of a stream have one name. Records of both would carry one identity. Rename one, or put the streams into one file.",
    },
    Code {
        code: "E0120",
        title: "the key is empty or repeats itself",
        explanation: "`key` lists the raw fields that identify a record for ever; without it neither changes nor deletes can be told. Prefer the source's own immutable id to a document number, which people correct.",
    },
    Code {
        code: "E0121",
        title: "the cursor does not fit the kind",
        explanation: "An http cursor needs `param`, the query parameter that takes it; a sql cursor has none, for its column goes into the statement; a files source has no cursor, for a file is read whole. A stream without `cursor` is read whole each time, and the fingerprints still skip what has not changed.",
    },
    Code {
        code: "E0122",
        title: "a test failed",
        explanation: "A record under `tests` did not become what the test says. The message tells each difference by pointer, what was expected and what was made. Either the table or the expectation is wrong; a definition with a failing test is not used.",
    },
    Code {
        code: "E0123",
        title: "a reference has no value",
        explanation: "A {env: NAME} is not set or is empty, or the file of a {file: PATH} is not there. Set it for the process that runs the connector, not only in your shell; lint does not ask for it, so that files can be checked anywhere.",
    },
    Code {
        code: "E0124",
        title: "unknown version of the language",
        explanation: "`muara: 1` says which version of the definition language a file is written in. A higher number needs a newer program.",
    },
    Code {
        code: "E0125",
        title: "the name is not safe",
        explanation: "A table is named with its schema or without, a column, also in `key` and `cursor` of a sql stream, by one name; a name has at most 63 bytes (MySQL and MariaDB: 64 letters), no dot and no space around it; `where` of a sql stream is one condition without `;` and comments; `file` stays below the folder; `get` stays below the base URL. A view in the database is the place for anything more.",
    },
    Code {
        code: "E0126",
        title: "a target is filled twice",
        explanation: "Two lines of `map` fill the same field, or one fills a field and another a part of it. Take one out.",
    },
    Code {
        code: "E0127",
        title: "a column is used but not read",
        explanation: "`columns` of a sql stream lists what the statement selects, and the map, the key, the cursor or `where` uses a column that is not among them. Add it to the list, or leave `columns` out to read all.",
    },
    Code {
        code: "E0128",
        title: "an expression is wrong",
        explanation: "The text after `expr:`, `where:` or `each:` is no jq that can be used. The place and the message say what the language expected or which function it does not know. Expressions see the record alone: `env`, `now`, `input`, `halt`, `debug` and the like are not there, so that a record that is mapped again becomes the same. A text with quotes, a colon or a `#` in it is best written between single quotes.",
    },
    Code {
        code: "E0129",
        title: "the key of `each` is not one of parent and child",
        explanation: "Records that `each` makes from one raw parent are a set: when the parent is read again, those that are missing are gone. So the key begins with the fields that identify the parent, written `$parent.name`, and ends with at least one field of the record itself; `$index` is its place in the list, which serves when nothing better tells the records apart.",
    },
    Code {
        code: "W0101",
        title: "the stream has no tests",
        explanation: "Without an example nobody notices when a change of the file changes what records become. Copy one typical raw record under `tests` with the body it must become, and one that must be quarantined; use no data of real persons.",
    },
    Code {
        code: "W0102",
        title: "the stream is never read whole",
        explanation: "An incremental read sees what is new or changed, never what has been deleted, and it cannot prove that both sides are equal. Add `full_read: {every: 1d}`, at a time when the source has little to do.",
    },
    Code {
        code: "W0103",
        title: "a default is never used",
        explanation: "The source of this field is part of the key, or `where` lets in only records that have it, so it is never absent. The `default` only hides what the line does; take it out.",
    },
    Code {
        code: "W0104",
        title: "`full_read.every` has no use",
        explanation: "A stream without `cursor` is read whole each time, so there is nothing to say about how often. The guards `max_share` and `max_count` do have their use.",
    },
    Code {
        code: "W0105",
        title: "no test has this field",
        explanation: "The field table reads a source field that no record under `tests:` has. Most often the name is misspelt, and the target would be absent in every record without anybody noticing. If the name is right, add the field to a test, best with a value as the source writes it.",
    },
    Code {
        code: "E0201",
        title: "the source does not let us in",
        explanation: "The source answered 401 or 403, or the database refused the login or the right to read. Check user, password or token behind the reference in `source`, whether they have expired, and whether that user may read what `read` names.",
    },
    Code {
        code: "E0202",
        title: "the source could not be read, however often it was asked",
        explanation: "Timeouts, refused connections, 429 and 5xx are tried again with growing waits, as often as `retry.max` says and no sooner than the source asks; this is what came last. Nothing was deleted and no cursor moved. Look whether the system is up; when it is only slow, raise `timeout` or lower `budget`.",
    },
    Code {
        code: "E0203",
        title: "what came is not what the definition says",
        explanation: "A web page instead of JSON (often the login page), an empty body, no list at `records`, a file that cannot be read as what its ending says. Such an answer is never taken for an empty list, so nothing was deleted. Open the address or file that is named and compare.",
    },
    Code {
        code: "E0204",
        title: "the source cannot be read as it is defined",
        explanation: "An address, table, column, file or parameter is wrong, a redirect would have to be followed, or a reference has no value. Correct the definition or what it refers to; trying again does not help by itself.",
    },
    Code {
        code: "E0205",
        title: "the read would never end",
        explanation: "The source gave the same page, or the same page token, twice. It usually does not heed the page parameter, or the wrong parameter is named in `page`; or it answers beyond its last page with the last page again, and then `page.total` has to say where the list ends. The run was stopped and nothing was deleted.",
    },
    Code {
        code: "E0206",
        title: "the read is not complete",
        explanation: "The source tells a total, and fewer records came. Records may have been deleted while the pages were read, or the last page was cut. Nothing was deleted here; the next run reads again. When it happens each time, `total` counts something else than the list holds.",
    },
    Code {
        code: "E0207",
        title: "too many records are broken",
        explanation: "More than a fifth of the first thousand records would have gone into quarantine, or of all when there are fewer, but at least twenty: then the definition is wrong and not the data. The run was stopped. Look at the reasons in quarantine; a source whose columns were renamed is the usual cause.",
    },
    Code {
        code: "E0208",
        title: "a column of the key or cursor is missing",
        explanation: "The source has no column of that name, so no record could be told from another. Correct `key` or `cursor.field`, or give back the column to the source; names are compared letter by letter.",
    },
    Code {
        code: "E0209",
        title: "the run was stopped",
        explanation: "The connector is shutting down, or the stream was reset in the middle of a run. What was confirmed is kept; the next run goes on from there.",
    },
    Code {
        code: "E0210",
        title: "the state file cannot be used",
        explanation: "The local state file cannot be read or written: the disk is full, the file belongs to another user or a newer version, or it is damaged. A deleted state file costs one full read of every stream and nothing else.",
    },
    Code {
        code: "E0211",
        title: "a step of a run broke off",
        explanation: "Something in the connector itself failed while it worked on a page. The run was stopped and the next one reads the page again. Please report it together with the log.",
    },
    Code {
        code: "E0212",
        title: "the stream is paused",
        explanation: "Somebody paused this stream, so it was not run. Resume it, or wait until the pause is over.",
    },
    Code {
        code: "E0213",
        title: "a command is none",
        explanation: "A message on the control queue of a system is no command that this version knows. It was dropped. A hub newer than its connectors is the usual cause; update them.",
    },
    Code {
        code: "E0214",
        title: "expressions run away",
        explanation: "The expressions of ten records of one read took longer than two seconds or more memory than a worker has, so the run was stopped. Each such record is in quarantine with E0315. Look for `while`, `until`, `range` over large numbers and texts that are doubled; try the expression on one of the records that are named.",
    },
    Code {
        code: "E0215",
        title: "a record is broken and the stream takes none",
        explanation: "The definition says `on_invalid: stop`: the run ended at the first record that could not be mapped, and nothing after it was read. The record itself is in quarantine with its reasons. Mend the source or the definition, or let broken records go to quarantine with `on_invalid: quarantine`.",
    },
    Code {
        code: "E0240",
        title: "the read broke off in the middle",
        explanation: "The connection to the database was lost while its rows were coming. A read is one snapshot, so it cannot go on where it was: what has arrived is kept, nothing was deleted, and the next run reads again, skipping what is known. Look whether the database was restarted, somebody ended the session, or a firewall ends idle connections. A table of an engine that locks it while it is read, such as MyISAM, is let go when our bus is slow for ten seconds; give such a table the engine InnoDB, or a time at which the hub has less to do.",
    },
    Code {
        code: "E0241",
        title: "the database took longer than `statement_timeout`",
        explanation: "A page of rows did not come within the time that the definition allows, so the statement was ended, also on the server, and it is not tried again before the next run. Give the table an index on the cursor column, make the view or `where` simpler, ask for fewer rows at a time with `fetch`, or raise `statement_timeout` after talking to the owner of the database.",
    },
    Code {
        code: "W0201",
        title: "a cursor value lies in the future",
        explanation: "The cursor field of some records is more than a day ahead of now. They were read, but the cursor did not move to them, for every record in between would be missed. Usually a typing error in the source; correct it there.",
    },
    Code {
        code: "W0202",
        title: "records without a cursor value",
        explanation: "Some records have no value in the cursor field, or one that means none. Incremental reads cannot see them; the next full read does. When they are many, choose another cursor field, or read whole more often.",
    },
    Code {
        code: "W0203",
        title: "a file is not there any more",
        explanation: "A file that was read before is not in the folder. Its records stay as they were, because a file that was moved is no proof that anything was deleted. Put it back, or delete what it held by leaving an empty file with its header.",
    },
    Code {
        code: "E0301",
        title: "a required field is missing",
        explanation: "The source has no value for a field that the schema requires: it is absent, null, empty, or one of the stream's `zero` texts. A zero is not an absence, so nothing is put in its place. Correct it at the source, or map another field; `default` gives a value where the field's own rules allow one.",
    },
    Code {
        code: "E0302",
        title: "the value has another form",
        explanation: "The converter of this field expects another form, such as a plain number where the source wrote words. Correct the value at the source; when all records of a stream have this, the definition names the wrong converter or pattern.",
    },
    Code {
        code: "E0303",
        title: "more decimals than the field has",
        explanation: "Money has two decimals and quantities at most six; digits beyond are never dropped in silence. If the source's extra digits are noise of its own arithmetic, say `round: half_even` at the field.",
    },
    Code {
        code: "E0304",
        title: "the crosswalk lacks the value",
        explanation: "`via` lists what each value of the source means, and this one is not listed. Find out from the owner of the system what it means, add it to `via`, and replay the quarantined records.",
    },
    Code {
        code: "E0305",
        title: "a text holds NUL",
        explanation: "A NUL character in a text is never meant and cannot be stored. It usually comes from a fixed-width export or a broken encoding; correct it at the source.",
    },
    Code {
        code: "E0306",
        title: "the code or text has not the form that the schema asks",
        explanation: "A code does not have the pattern of its kind, or a date is no date that is taken. The null dates of sources, such as 0001-01-01, belong into the stream's `zero` list.",
    },
    Code {
        code: "E0307",
        title: "the word is not one that the schema knows",
        explanation: "The field takes one of a closed list of words. Map the source's words to them with `via`.",
    },
    Code {
        code: "E0308",
        title: "the value is too small, too large, too long or too short",
        explanation: "The schema bounds the field, and the value is beyond. `muara schema show TYPE` tells the bounds; a value beyond them is nearly always a slip of the source.",
    },
    Code {
        code: "E0309",
        title: "the value is of another type",
        explanation: "The body has another JSON type at this place than the schema, or a field that the schema does not know. A definition that passed lint does not make such a body; it comes from a sender that is not checked.",
    },
    Code {
        code: "E0310",
        title: "the source's structure is another",
        explanation: "A single value was expected and the source has a list or an object, or `each` found something that is no list. The source has changed its structure for this record, or the path of the field is wrong.",
    },
    Code {
        code: "E0311",
        title: "a list has a gap",
        explanation: "Items of a list that are mapped one by one are known by their place, so one may be absent only when all after it are. A month without an amount, for example, is not the same as zero: correct it at the source.",
    },
    Code {
        code: "E0312",
        title: "a rule of the schema is broken",
        explanation: "A rule that binds several fields together does not hold, such as a level that does not fit a code. The message names it; `muara schema show TYPE` shows it with its description.",
    },
    Code {
        code: "E0313",
        title: "an expression failed",
        explanation: "The expression of the field raised an error on this record, or the one of `where:` did. What it says is not shown here, for it may hold values of the record. The usual cause is a field that is null or of another type than expected: use `?`, `//` or `select` for what may be absent.",
    },
    Code {
        code: "E0314",
        title: "an expression gives something else",
        explanation: "The expression gave several values, more than is taken (10,000 values or 4 MiB), a form that the target does not have, or in `where:` neither true nor false. Several values become one list between `[` and `]`; an object needs the fields of the target with its names.",
    },
    Code {
        code: "E0315",
        title: "an expression ran away",
        explanation: "The expression took longer than two seconds for this record, or more memory than its process may have. The process was ended and another one went on with the next record. The record waits in quarantine; simplify the expression, and replay it.",
    },
    Code {
        code: "E0320",
        title: "the record has no key",
        explanation: "A field that `key` names is absent, null or holds an error, the whole key is empty, it is longer than 512 bytes or holds a control character. Without a key nobody can tell which record this is; as long as one stands in a read, that read deletes nothing, and each full read brings it again. Correct it in the source, or choose other fields as key.",
    },
    Code {
        code: "E0321",
        title: "the record is no JSON that we take",
        explanation: "The record is nested deeper than 64 levels, holds a NUL character or is malformed. No store keeps such a text; correct it in the source.",
    },
    Code {
        code: "E0322",
        title: "the key is not unique",
        explanation: "Two different records of one read have the same key; both are named by their number in the order of the read. The first was taken, the other stands here. Add fields to `key` until it is unique, or remove the double in the source.",
    },
    Code {
        code: "E0323",
        title: "the record is too large",
        explanation: "The canonical record has more than 64 KiB. Usually a text holds a whole document, or `each` takes a list that should be a stream of its own.",
    },
    Code {
        code: "E0324",
        title: "a cell holds an error instead of a value",
        explanation: "A formula ended in an error, a number has more than the 15 digits that Excel keeps, or a row of a CSV file has more cells than its header. Correct the cell at the named address; make long numbers such as NIP and NIK texts before they are typed in.",
    },
    Code {
        code: "E0325",
        title: "a parent cannot be split",
        explanation: "What stands at `each:` in this raw record is neither a list nor absent, has more than 10,000 items, or the expression of `each` failed on it. The raw parent is in quarantine as a whole; as long as it is, nothing of its stream is deleted.",
    },
];
