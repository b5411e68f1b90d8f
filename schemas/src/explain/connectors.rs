//! Codes of sources (02) and records (03).

use super::Code;

/// In order.
pub const CODES: &[Code] = &[
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
        explanation: "A web page instead of JSON (often the login page), XML with declarations of its own, an encoding that the bytes do not have, an empty body, no list at `records`, a file that cannot be read as what its ending says. Such an answer is never taken for an empty list, so nothing was deleted. Open the address or file that is named and compare.",
    },
    Code {
        code: "E0204",
        title: "the source cannot be read as it is defined",
        explanation: "An address, table, column, file or parameter is wrong, a redirect would have to be followed, or a reference has no value. Correct the definition or what it refers to; trying again does not help by itself.",
    },
    Code {
        code: "E0205",
        title: "the read would never end",
        explanation: "The source gave the same page, or the same page token, twice. It usually does not heed the page parameter, or the wrong parameter is named in `page`; or it answers beyond its last page with the last page again, and then `page.total` has to say where the list ends. More pages than `page.max_pages` (10,000) and 100 pages in a row without a record mean the same; raise `max_pages` for a list that really is so long. The run was stopped and nothing was deleted.",
    },
    Code {
        code: "E0206",
        title: "the read is not complete",
        explanation: "The source tells a total, and another number of records came. When fewer came, records may have been deleted while the pages were read, or the last page was cut; when more came, the total is not that of the list, but perhaps of the page. Nothing was deleted here; the next run reads again. When it happens each time, `total` counts something else than the list holds: name another field, or leave it out, and the list is read until a page is empty.",
    },
    Code {
        code: "E0207",
        title: "too many records are broken",
        explanation: "More than a fifth of the first thousand records would have gone into quarantine, or of all when there are fewer, but at least twenty: then the definition is wrong and not the data. The run was stopped. Most often one line of `map` does not fit: a column was renamed, amounts are written as 1.250.000,00 and need `as: money_id`, or words need `via`. In files it is also rows that are sums or headings, which `where` leaves out. `muara preview FILE` shows the first records with their reasons, and `muara plan --read FILE` counts them by cause; mend the line that stands first there.",
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
        code: "E0220",
        title: "the source says that it failed",
        explanation: "The answer is what a rule of `errors` calls a failure, or a SOAP fault. Its own words follow where the rule names a `message`. Nothing was deleted and no cursor moved. Correct parameters or rights; when it is trouble that passes, let the rule say `do: retry`.",
    },
    Code {
        code: "E0221",
        title: "the login gave nothing to go on with",
        explanation: "The system answered a step of the login, but not with the token or the value that the definition takes from it, nor with a cookie. Open the address that is named and compare the answer with `token` and `take`; a login that answers with its own form again usually means a wrong user or password.",
    },
    Code {
        code: "E0222",
        title: "the next link leads elsewhere",
        explanation: "The source gave a link to its next page that has another host, port or scheme than `base_url`. It is not followed, for the token would go there too. Behind a proxy that ends TLS such links often say http where https is meant: have the system told its own address, or page by number or token instead.",
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
        code: "E0250",
        title: "the stream has to be read before anything is replayed",
        explanation: "The connector has forgotten what it knew of the stream, after a reset or with a new state file, and a replay cannot take the place of the full read that is due. Let the stream run, `muara source run STREAM --full`, then replay what is still in quarantine.",
    },
    Code {
        code: "E0251",
        title: "today's definition leaves the record out",
        explanation: "The `where` of the definition as it is now does not let the replayed record in, so it is neither valid nor broken. Its entry stays open; the next full read closes it. If the record is wanted after all, widen `where`.",
    },
    Code {
        code: "E0252",
        title: "the raw record was cut",
        explanation: "Quarantine keeps the first 64 KiB of a raw record, and this one was longer, so it cannot be mapped again. Mend the definition and read the stream again; a record of that size usually holds a document that should be left out in the source's query.",
    },
    Code {
        code: "E0253",
        title: "the connector has no such stream",
        explanation: "An order names a stream that the definitions of the connector do not have any more. Put the stream back, or discard its quarantine entries with a reason.",
    },
    Code {
        code: "E0261",
        title: "the program of the source failed",
        explanation: "The program that `command` names ended with an error, so nobody knows whether what it gave was everything. What came before is kept, nothing is deleted, and the stored state stands where it was last confirmed. The message ends with its last words on standard error; run the same command in a terminal to see the rest.",
    },
    Code {
        code: "E0264",
        title: "the program does not keep to its protocol",
        explanation: "Standard output belongs to the protocol alone. A tap may write up to 100 other lines, such as warnings of its runtime; a script of `muara-jsonl` none. Let it write everything else to standard error. A BATCH is read when it names files here of the format jsonl, plain or packed with gzip.",
    },
    Code {
        code: "E0265",
        title: "the program contradicts itself",
        explanation: "A script says BEGIN first, END last, and in END how many records it gave; DELETE names all fields of the key. When the count is another one, something was lost on the way or the script counts wrongly: nothing is deleted by such a read, and it is tried again. `muara conform` shows where a script errs.",
    },
    Code {
        code: "E0266",
        title: "the program says nothing",
        explanation: "For longer than `idle` (5m) no line came, so the program was told to end, and killed with all that it had started when it did not. Either it waits for something, such as a password, or its source is slow: then give a longer `idle`.",
    },
    Code {
        code: "E0267",
        title: "the program takes too long",
        explanation: "The program was not done after `longest` (1h) and was ended. With `cursor: state` what was confirmed is not read again. Give it a longer `longest`, or less to read.",
    },
    Code {
        code: "E0268",
        title: "the program writes a line that is too long",
        explanation: "A line of standard output, or the catalog that a tap discovers, is longer than is taken (16 MiB and 64 MiB). Mostly the program writes everything into one line: each record is a line of its own.",
    },
    Code {
        code: "E0270",
        title: "the token opens nothing here",
        explanation: "A request to push records carries no token, or none that opens the system it names; whether there is such a system is not told. Send one of the tokens that `source.tokens` of the definition names, at least 16 characters, as `Authorization: Bearer …`; with `?region=` the region must be the system's. Wrong tokens are answered later each time. A token that was just changed is known after a minute.",
    },
    Code {
        code: "E0271",
        title: "the system is not asked, it calls us",
        explanation: "The definition is of kind push: the system calls us, so there is nothing to ask it for. To see what becomes of its records put some under `tests:` and run `muara test`, or push one to the address that is named.",
    },
    Code {
        code: "E0272",
        title: "no such stream, or systems of several regions",
        explanation: "The token is right, but the system has no stream of this name; or the token opens systems with this id in several regions, and `?region=` has to say which is meant.",
    },
    Code {
        code: "E0273",
        title: "the stream takes nothing while it is paused",
        explanation: "Somebody has paused the stream, so nothing that is pushed is taken. Keep the records and send them again; `muara source resume STREAM` lets it go on.",
    },
    Code {
        code: "E0274",
        title: "too much at one time",
        explanation: "The system has used up its `budget`, or so many pushes wait already that no more can be kept in memory. Wait as long as `Retry-After` says and send the same request again.",
    },
    Code {
        code: "E0275",
        title: "the records were not confirmed",
        explanation: "The bus did not confirm within the time that a sender is let wait, or the connector is shutting down. Nothing is to be believed of this push; it may have arrived all the same. Send it again, best with the same `Idempotency-Key`: what has arrived is unchanged then. When it goes on, look after the broker and the hub with `muara doctor`.",
    },
    Code {
        code: "E0276",
        title: "the request to push is not understood",
        explanation: "A parameter is not known, `Idempotency-Key` is longer than 128 characters or not printable, `Content-Type` is neither application/json nor application/x-ndjson in UTF-8, `Content-Encoding` is something else than gzip, or the body came too slowly or broke off. The answer says which.",
    },
    Code {
        code: "E0277",
        title: "too much in one push",
        explanation: "A body has at most `max_body` bytes, 8 MiB where nothing is said, counted after unpacking, and at most 10,000 records. Nothing of it was taken. Send it in several requests; only with `complete=true` one body has to hold everything.",
    },
    Code {
        code: "E0278",
        title: "the body of a push cannot be used",
        explanation: "It is no JSON or no gzip, not UTF-8, neither a list nor an object, or has no list at `read.records`; or it takes back more records at once than `full_read` lets through. Nothing of it was taken. Single records that are broken are no such error: they go to quarantine, and the answer to the push tells why.",
    },
    Code {
        code: "E0279",
        title: "the `Idempotency-Key` stands for another request",
        explanation: "A key stands for one request for a day: another body under the same key is refused (422), and so is a second request while the first is under way (409), which may come again a little later. Make a new key, such as a UUID, for each new request, and keep it only when the same request is sent again.",
    },
    Code {
        code: "E0285",
        title: "the run ended early, for its definition was changed",
        explanation: "Somebody edited the definition while the stream was read. The run ended at the edge of a page: what was sent is confirmed and kept, and the stream is read anew by the new definition at once. When the stream was taken out of its file, it is not read any more; its records stay in the hub.",
    },
    Code {
        code: "E0280",
        title: "the source has changed, and the definition says to stop",
        explanation: "A record has a field that the source did not have, lacks one that every record had, or has one in another form, and `drift:` says `stop` for that. Nothing of this record or after it was published in this run, and nothing was deleted. Mend the field table, name a new field under `known`, or choose `warn` or `quarantine`.",
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
        explanation: "A file that was read before is not in the folder. Its records stay as they were, because a file that was moved is no proof that anything was deleted: connector and hub agree on them, so the proof is equal all the same. Put it back if it is missing by mistake. When another file has taken its place, such as `DPA v2.xlsx` that of `DPA v1.xlsx`, let `match` say which files are versions of one set: `match: 'DPA (?<tahun>20\\d{2}) v\\d+\\.xlsx'`. The newest then stands for all, also for those that were read before `match` was there. What no file of today brings back is cleared by `muara source reset REGION/SYSTEM/STREAM`, which reads the stream anew and deletes what is in no file; many deletes at once wait for `muara source approve`.",
    },
    Code {
        code: "W0204",
        title: "the source has no such column",
        explanation: "The field table reads a column that the table, view or file does not have, so its target is absent in every record: values that earlier reads brought are gone from the new versions. Most often the name is misspelt or the column was renamed. Correct the name; when the column is meant to be missing now and then, the finding closes with the first read that has it.",
    },
    Code {
        code: "W0270",
        title: "nothing is pulled from a system that pushes",
        explanation: "Somebody ordered a run of a stream whose system calls us. There was nothing to do: its records come when it sends them. To have everything sent anew, ask the system for a push with `complete=true`.",
    },
    Code {
        code: "W0210",
        title: "a newer definition is not used",
        explanation: "The file of this definition was edited while the connector runs, and something is wrong with it: the code and the place are named. The connector goes on with the definition from before. `muara lint` shows all that is wrong; when the file is good again it is taken over within seconds, and this finding closes by itself. Do not restart the connector before that, for it does not start with a broken definition.",
    },
    Code {
        code: "W0211",
        title: "a new definition in the folder is not used",
        explanation: "A file has come into the folder of definitions while the connector runs, and something is wrong with it: file, code and place are named. Nothing of it has ever been read, so no stream of its own can tell; the first stream of the connector tells instead. `muara lint FILE` shows all that is wrong. When the file is good it is taken over within seconds, and this closes by itself. A file that is still being written is best kept under a name that begins with a dot, for such files are not looked at.",
    },
    Code {
        code: "W0205",
        title: "the source has a new field",
        explanation: "Records have a field that the first whole read with this definition did not have. Nothing was lost: the read goes on, and what the field holds is in no record of ours. The note shows how its values look, with letters and digits in place of what they say, and where one is likely the line of the field table that would take it up. Add the line, which reads the stream anew, or name the field under `drift: {known: […]}`; the finding closes with the next full read.",
    },
    Code {
        code: "W0206",
        title: "the source has lost a field",
        explanation: "A field that the records had is in none of those that were read lately: in 20 records in a row at least, or in all of a whole read. When the field table reads it, its target is absent from now on. Ask the owner of the system whether it was renamed, map the new name, or say `drift: {removed: ignore}`.",
    },
    Code {
        code: "W0207",
        title: "a field of the source has another form",
        explanation: "The values of a field have a form that they never had, such as a text where a number stood, or a date written the other way round. The note shows how they looked and how they look now. Where the field table reads the field, the records may be in quarantine for that reason: mend the line, and read or replay them. A number that gains decimals, and a null, are no other form.",
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
        explanation: "A code does not have the pattern of its kind, or a date is no date that is taken. The most frequent cause is a code of another level or another list: an account of four levels in a row that is a sum, a sub-activity without its zeros, an agency under its local number. Leave rows of sums out with `where`, and translate local codes with `via: name` and a list under `crosswalks`. Dates such as 31/12/2026 need `as: date(\"dd/MM/yyyy\")`; null dates such as 0001-01-01 belong into the stream's `zero` list.",
    },
    Code {
        code: "E0307",
        title: "the word is not one that the schema knows",
        explanation: "The field takes one of a closed list of words, and the source has another one; the message names both. The most frequent cause is a word that the sample did not have, such as a new status. Add it to the line: `status: {from: status, via: {Final: sp2d, Batal: void}}`; `default:` says what a word becomes that nobody has listed. `muara schema show TYPE` shows the words.",
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
        explanation: "A field that `key` names is absent, null, an object or a list, or holds an error, the record is no JSON that we take, the whole key is empty, it is longer than 512 bytes or holds a control character. Without a key nobody can tell which record this is; as long as one stands in a read, that read deletes nothing, and each full read brings it again. Correct it in the source, or choose other fields as key.",
    },
    Code {
        code: "E0321",
        title: "the record is no JSON that we take",
        explanation: "The record is nested deeper than 64 levels, holds a NUL character, names one field twice with two values, or is malformed. No store keeps such a text, and of two values nobody knows which is meant; correct it in the source. A name that is repeated with the very same value is taken.",
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
        explanation: "A formula ended in an error, a number has more than the 15 digits that Excel keeps, or a row of CSV is not what it should be: it has more cells than its header, text behind a closing quote, or more than 4 MiB. Correct the cell at the named address; make long numbers such as NIP and NIK texts before they are typed in.",
    },
    Code {
        code: "E0325",
        title: "a parent cannot be split",
        explanation: "What stands at `each:` in this raw record is neither a list nor absent, has more than 10,000 items, or the expression of `each` failed on it. The raw parent is in quarantine as a whole; as long as it is, nothing of its stream is deleted.",
    },
    Code {
        code: "E0326",
        title: "the record has a field that is new or of another form",
        explanation: "`drift:` says `quarantine` for a field that the source did not have when the definition began to read it, or whose values have a form that they never had. Look at the raw record. Then map the field, or name it under `known`, and replay the quarantined records, for they are not mapped again by themselves while they and the field table stand as they are.",
    },
    Code {
        code: "E0327",
        title: "the record lacks a field that every record had",
        explanation: "`drift: {removed: quarantine}` keeps back a record without a field that every record of the first whole read had. Correct it at the source; when the field is meant to be missing, choose `warn` or `ignore` and replay the quarantined records.",
    },
];
