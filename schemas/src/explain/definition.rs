//! Codes of definitions (01), which lint tells.

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
        explanation: "`kind` names a way of reaching a system: http, sql, files or exec. Check the spelling; a system that can only be exported by hand is of kind files.",
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
        explanation: "An http cursor needs `param`, the query parameter that takes it, or {{cursor}} in the request; a sql cursor has none, for its column goes into the statement; a files source has no cursor, for a file is read whole; a program of kind exec keeps its own, `cursor: state`. A stream without `cursor` is read whole each time, and the fingerprints still skip what has not changed.",
    },
    Code {
        code: "E0122",
        title: "a test failed",
        explanation: "A record under `tests` did not become what the test says. The message tells each difference by pointer, what was expected and what was made. Either the table or the expectation is wrong; a definition with a failing test is not used. `muara preview` and `muara plan` only warn of it, so that a mapping can be tried out while it is edited.",
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
        code: "E0130",
        title: "no such name in double braces",
        explanation: "A text of a request may hold names in double braces, such as {{page}}, that are filled in each time: cursor, page, offset, next, size, token, and what the steps of a login `take`. This one is none of them, or nothing has given it a value yet at this place. The help names the nearest.",
    },
    Code {
        code: "E0131",
        title: "nothing gives the name a value",
        explanation: "A request holds a name such as {{page}}, but the stream has no `page` or `cursor`, or the login takes no `token`, that would fill it in; what holds it would always be left out. Add what is missing, or take the name out.",
    },
    Code {
        code: "E0132",
        title: "a rule without a condition",
        explanation: "An entry of `errors` says what to do, but not about which answers. Give it `status`, `body` or `path`; all that are given must hold.",
    },
    Code {
        code: "E0133",
        title: "the key does not fit the request",
        explanation: "A body is given for a `get`, or `records`, `columns` or `delimiter` for a format that has no use for it: lines of CSV and JSON are records by themselves, `columns` names the cells of JSON lists, `delimiter` belongs to CSV. Take the key out, or write `post:` or another `format:`.",
    },
    Code {
        code: "E0145",
        title: "a crosswalk cannot be used",
        explanation: "The field table names a list that `crosswalks:` does not have, or the list cannot be read: the file is not beside the definition, is not UTF-8, has more than 16 MiB or 200,000 rows, lacks the columns `from` and `to` (or those that are named), or gives two values for one code at one time. The message names the line of the list.",
    },
    Code {
        code: "E0146",
        title: "a crosswalk needs a day",
        explanation: "The list gives other values for one code at other times (`valid_from`, `valid_to`), so the mapping has to say which day counts. Add `valid_on:` with a field of the record that holds a date or a year.",
    },
    Code {
        code: "E0170",
        title: "a link looks at an empty field",
        explanation: "`when` of a link compares a field of this stream's records with one of another type, and `map` gives that field no value, so no record would ever be linked. Map the field, or compare one that is mapped.",
    },
    Code {
        code: "E0171",
        title: "the fields of a link are never equal",
        explanation: "One of the two fields is text and the other a number, an amount or a date: values of different kinds are never equal. Compare codes with codes and years with years.",
    },
    Code {
        code: "E0172",
        title: "the address is none",
        explanation: "`base_url` and `token_url` are addresses of the web: https:// or http://, the name of the server, and what all paths below it share. Other schemes are not spoken, and without a scheme nobody knows which is meant. An address that stands elsewhere, such as {env: NAME}, is looked at when the source is opened.",
    },
    Code {
        code: "E0173",
        title: "double braces are not closed",
        explanation: "`{{` opens a name that is filled in for each request, and the text ends before `}}`. It would have been sent as it stands, and the source would have seen no page number and no cursor. Write {{page}} with two braces on either side.",
    },
    Code {
        code: "E0174",
        title: "the time table never comes",
        explanation: "`cron` asks for a day that no calendar has, such as the 30th of February, so the stream would never run. The fields are minute, hour, day of month, month and day of week; take a day that each of the named months has.",
    },
    Code {
        code: "E0175",
        title: "brackets or quotes are not balanced",
        explanation: "The condition of `where` has a bracket or a quote without its partner, so every statement of the stream would fail. A quote within a text is doubled: 'Jum''at'. The condition stands in brackets of its own, which one that closes too many would leave.",
    },
    Code {
        code: "E0176",
        title: "a path has an empty step",
        explanation: "A path into an answer is written from its outermost name on, with one dot between two names, and a number for an item of a list: data.items, results.0.rows. A dot at its beginning or end, or two in a row, leads to a name that nothing has.",
    },
    Code {
        code: "E0155",
        title: "a key that a pushed stream has no use for",
        explanation: "The source is of kind push: the system decides what it sends and when, so there is no `cursor` to read from and no `page` to ask for, and `on_invalid` has nothing to stop, for a broken record goes to quarantine and its sender is told at once. Take the key out. `schedule` may stay: it says how often something is expected.",
    },
    Code {
        code: "E0156",
        title: "`tokens` of a push source cannot be used",
        explanation: "One to eight tokens open the door, each a reference such as {env: COUNTER_TOKEN} and none named twice. With two of them one can be changed while the other is in use.",
    },
    Code {
        code: "E0157",
        title: "`max_body` is no size",
        explanation: "Write a whole number with its unit, from 64KiB to 32MiB, such as 8MiB. It bounds a body after unpacking, and with it the memory that one request may take.",
    },
    Code {
        code: "E0160",
        title: "`drift` names known fields in vain",
        explanation: "`known` lists new fields that nobody needs to hear of, each once and at most 500. Beside `added: ignore` it has no use, because then no new field is told.",
    },
    Code {
        code: "E0180",
        title: "a line of the proposal is open",
        explanation: "`muara connector new` marks with CONFIRM what it has guessed and with DECIDE what is missing. As long as such a comment stands in the file, somebody has not looked at the line, and nothing is sent by it: a wrong column in the place of an amount would show in no count. `muara preview` and `muara plan --read` work all the same. Correct the line or find it right, then take the word CONFIRM, or the whole comment DECIDE, out.",
    },
    Code {
        code: "E0181",
        title: "a rule logs in where nothing can",
        explanation: "`do: login` opens the session anew and asks once more. That needs `auth: {login: …}` or `auth: {oauth2: …}`; a bearer token, a key and a password are the same at the second time, so the answer would be too. Write `do: denied`, which stops the run and names who was not let in, or say how to log in.",
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
        code: "W0106",
        title: "a line of the proposal is open",
        explanation: "A comment CONFIRM or DECIDE of `muara connector new` still stands in the file. Preview and plan read such a file; `muara connect` and `muara serve` refuse it with E0180. Look at the line, and take the word out.",
    },
];
