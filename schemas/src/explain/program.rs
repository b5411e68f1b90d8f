//! Codes of the program: configuration and commands (07).

use super::Code;

/// In order.
pub const CODES: &[Code] = &[
    Code {
        code: "E0701",
        title: "the configuration file cannot be read",
        explanation: "The file named with --config, or muara.toml in the current folder, is not there or may not be read by this user. Name another file, or mend its rights; without any file the built-in defaults are used, which `muara config` prints.",
    },
    Code {
        code: "E0702",
        title: "the configuration is wrong",
        explanation: "A key is unknown or misspelt, a value has the wrong form, or an environment variable MUARA_… overrides a key with a wrong value. `muara config` prints the annotated defaults with every key that there is; compare yours with it.",
    },
    Code {
        code: "E0703",
        title: "connector definitions have errors",
        explanation: "At least one definition file cannot be used, so nothing was started: a hub with half of its connectors would show agencies as silent that are not. Every error stands above with file, line and column. `muara lint` shows them again without starting anything.",
    },
    Code {
        code: "E0704",
        title: "the code is not known",
        explanation: "Codes are one letter, E for errors or W for warnings, and four digits, such as E0101. The code may be of a newer version of Muara than this program.",
    },
    Code {
        code: "E0705",
        title: "the record type is not known",
        explanation: "Record types are the canonical forms that every system is mapped to, such as budget-line or disbursement. `muara schema list` names them all.",
    },
    Code {
        code: "E0706",
        title: "the file of records cannot be read",
        explanation: "`muara schema check` takes a JSON file that holds one record or a list of records, at most 256 MiB. The message says what is wrong with the file.",
    },
    Code {
        code: "E0707",
        title: "the backup's file exists already",
        explanation: "A backup never overwrites a file, because that file may be the only good backup. Name one that does not exist, for example with the date in its name.",
    },
    Code {
        code: "E0708",
        title: "the backup cannot be read",
        explanation: "The file named does not exist, is no regular file, or could not be copied into the place of the database. Check its path, the rights on the folder, and the free space.",
    },
    Code {
        code: "E0709",
        title: "a restore would replace data",
        explanation: "A restore puts the backup in the place of the database that is configured now. Stop every hub process that uses it, and say --yes when you mean it. Afterwards the log has a new epoch, so that subscribers are told to start anew, and connectors find by the chain of their runs that they must read again.",
    },
    Code {
        code: "E0710",
        title: "the database cannot be reached or used",
        explanation: "The address in `database` does not answer, refuses the user, or answers with an error. For PostgreSQL check host, port, user, password and that the database exists; for SQLite check that the folder exists and may be written.",
    },
    Code {
        code: "E0711",
        title: "the bus cannot be used",
        explanation: "None of the broker's addresses in `bus` can be used: the login is refused, or an exchange or queue exists with other settings than this version declares. The message says which. A broker that is only away for a while is no error: the program goes on trying.",
    },
    Code {
        code: "E0712",
        title: "a program of PostgreSQL failed",
        explanation: "Backups of a PostgreSQL database are made with its own pg_dump and put back with pg_restore, which must be installed and no older than the server. What the program itself said stands above the message.",
    },
    Code {
        code: "E0713",
        title: "the sync did not settle",
        explanation: "After every stream was read, the hub still had pages to take in, a proof to repair or totals to add up when five minutes had passed. `muara source list` shows which stream it is; the log says why.",
    },
    Code {
        code: "E0714",
        title: "hub and connectors cannot meet",
        explanation: "With `bus = \"local\"` pages travel within one process only. Run hub and connectors together with `muara serve --connect …`, or set `bus` to the address of a RabbitMQ broker in the configuration of both.",
    },
    Code {
        code: "E0715",
        title: "the address for the API cannot be used",
        explanation: "Another program listens there already, the port needs more rights, or the address is not one of this machine. Name another with --listen, with --port for the demo, or in `listen`.",
    },
    Code {
        code: "E0716",
        title: "the connectors do not start",
        explanation: "The state file cannot be opened, or a definition names something that this version does not know. Losing the state file costs a full read and nothing else, so a damaged one may be deleted.",
    },
    Code {
        code: "E0717",
        title: "the demo does not start",
        explanation: "The demo's folder cannot be written, or was made with another --seed. Name another folder with --dir, or delete the old one.",
    },
    Code {
        code: "E0718",
        title: "there is no such key",
        explanation: "A key goes by the part between its two underscores, as `muara key list` shows it. It may have been taken back already.",
    },
    Code {
        code: "E0719",
        title: "there is no such quarantine entry",
        explanation: "Entries go by the number in the first column of `muara quarantine list`.",
    },
    Code {
        code: "E0720",
        title: "there is no such stream",
        explanation: "Orders name a stream as the first column of `muara source list` shows it: REGION/SYSTEM/STREAM, such as 33.02/sipd/dpa. A stream is known once its connector has announced it or sent a page.",
    },
    Code {
        code: "E0721",
        title: "another process works on the database",
        explanation: "A database in one file belongs to one `muara serve` or `muara demo` at a time, and nobody may replace it meanwhile. Usual cause: a service that runs in the background. Cure: stop it first, or use PostgreSQL, which several processes may share. The lock is the file beside the database that ends in `.lock`; it goes with its process, however that ends.",
    },
    Code {
        code: "E0722",
        title: "another number of deletes waits than was approved",
        explanation: "Deletes above a stream's guards wait until somebody has looked at them, and more may have come since. `--count` says how many were looked at, so that nothing else goes with them. Cure: see `muara doctor` for the number, look at the source, and say that number.",
    },
    Code {
        code: "E0723",
        title: "a key cannot be made so",
        explanation: "A key needs a name, so that people know whom they take it back from, and sees regions by their codes, such as 33 for a province with all its regencies or 33.02 for one of them. A misspelt region would be a key that sees nothing.",
    },
    Code {
        code: "E0724",
        title: "a subscription cannot be made or changed so",
        explanation: "An option of `muara subscription` or `muara changes` does not have the form that is asked for, or what is wished cannot be done: an endpoint that may not be reached, a queue without a broker, a position of an earlier log, a key with 100 subscriptions already. The message names which. Nothing was changed. Cure: see `muara help subscription`.",
    },
    Code {
        code: "E0725",
        title: "there is no such subscription or delivery",
        explanation: "Subscriptions go by the id that `muara subscription list` shows in its first column, deliveries by the number that `muara subscription deliveries` shows. A delivery that has arrived cannot be sent again; `muara changes replay` tells a stretch of the log again.",
    },
    Code {
        code: "E0730",
        title: "there is no such replay",
        explanation: "Replays go by the number in the first column of `muara quarantine replays`.",
    },
    Code {
        code: "E0731",
        title: "the replay finds too many entries",
        explanation: "One replay takes at most 100,000 entries, so that it stays small enough to be looked at and stopped. Ask for one stream with --stream or one cause with --code after the other; `muara quarantine list` shows them.",
    },
    Code {
        code: "E0732",
        title: "entries were not discarded",
        explanation: "Entries are discarded all together or not at all, and only with a reason. One of them does not exist, or is being replayed at this moment; the message says which. `muara quarantine stop` stops a replay.",
    },
    Code {
        code: "E0740",
        title: "no such stream",
        explanation: "The definition that was named has no stream of this name. `muara plan FILE` lists its streams.",
    },
    Code {
        code: "E0745",
        title: "a connector cannot be made without this",
        explanation: "`muara connector new` needs the id of the system, its region and its agency, and where a folder has several files or a database several tables, which one is meant. It asks when a person sits at the terminal, and otherwise names the option that is missing.",
    },
    Code {
        code: "E0746",
        title: "the definition was not written",
        explanation: "A file of this name is there already and is never overwritten unless --force says so, or the folder cannot be written. Name another file with --output; without it the definition is printed.",
    },
    Code {
        code: "E0747",
        title: "no ready definition has this id",
        explanation: "`muara connector list` shows the definitions that this version ships. For any other system, `muara connector new files|sql|http` looks at the source and writes one.",
    },
    Code {
        code: "E0748",
        title: "the source gave no records to look at",
        explanation: "A definition is proposed from the first records of a source, so there have to be some. The message says what was asked and what came: a variable that is not set, a folder without a file that can be read, an answer without a list, a sheet without a header. Cure: correct the address, or write the few lines that the message names by hand; connectors/README.md is the guide.",
    },
    Code {
        code: "E0749",
        title: "a constant for a target cannot be read",
        explanation: "`--set` takes a target of the record type, an equals sign and a value, such as --set stage=murni or --set fiscal_year=2026. `muara schema show TYPE` lists the targets.",
    },
    Code {
        code: "E0750",
        title: "the proposed definition does not lint",
        explanation: "Every proposal is linted before it is written. The errors that follow name its lines; most often a value of --set, --system, --region or --agency does not have the form that is asked for. Nothing was written.",
    },
    Code {
        code: "E0751",
        title: "lines of the definition need a decision",
        explanation: "The record type requires targets that no field of the source is like, and no constant is right for every region. The file was written with a comment DECIDE for each of them and does not lint until they are filled: write a source field or {const: …} there, give it with --set TARGET=VALUE, or choose another record type with --type. The command ends with exit code 4.",
    },
    Code {
        code: "E0755",
        title: "what a script is told is no JSON",
        explanation: "`muara conform --told` takes what a definition has as `config:`, as one object of JSON. Put it in single quotes, so that the shell leaves it alone.",
    },
    Code {
        code: "E0758",
        title: "systems that push need an open port",
        explanation: "Some of the definitions are of kind push, so their systems call us, but `muara connect` listens only when it is told to. Add --listen with an address, such as --listen 127.0.0.1:8090, and put a server that ends TLS before it; or run these definitions with `muara serve --connect`.",
    },
    Code {
        code: "E0759",
        title: "nobody would call",
        explanation: "`muara connect` was told to listen, but none of the definitions is of kind push. Take --listen out, or name the definition whose system pushes.",
    },
];
