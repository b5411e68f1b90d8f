//! Codes of files: how a definition names them (013), and how each of them is read (023).

use super::Code;

/// In order.
pub const CODES: &[Code] = &[
    Code {
        code: "E0135",
        title: "a key has no effect on files of this form",
        explanation: "`sheet` and `hidden` belong to workbooks, `delimiter` to CSV, `encoding` to texts, `records` to JSON and XML, and `region`, `header`, `skip` and `fill_down` to what has rows. The form of a file is told by its ending or by `format`. Take the key out, or correct the form.",
    },
    Code {
        code: "E0136",
        title: "the encoding is not known",
        explanation: "`encoding` takes the names that web pages use, such as utf-8, utf-16le, windows-1252 or latin1. It is only needed where a file does not show what it is: a byte order mark and UTF-8 are seen, and what is neither is read as windows-1252.",
    },
    Code {
        code: "E0137",
        title: "a pattern is no regular expression",
        explanation: "`match` and `sheet: /…/` are regular expressions without look-around and without references back; a named group is (?<name>…), and its value is the field `$name` of each record. Write them in single quotes: in double quotes YAML takes every backslash for an escape of its own.",
    },
    Code {
        code: "E0138",
        title: "this names no cells",
        explanation: "`within` is two cells such as A1:C20, the upper left one first; `from` is one cell such as B5, `to` one such as H400, or a column alone where the table goes on to its end.",
    },
    Code {
        code: "E0230",
        title: "a file takes more than reading it may take",
        explanation: "A file is read by a process of its own with at most 512 MiB of memory, ten minutes of work and two minutes for each piece of it; a workbook may unpack to 2 GiB, a record may have 4 MiB, a table 16,384 columns. What is beyond is a bomb or damaged. What the file held before stays as it was, and the other files were read. Open the file, and save what is needed of it anew.",
    },
    Code {
        code: "E0231",
        title: "a workbook has no such sheet",
        explanation: "The sheet that `sheet` names is not there, or is hidden and `hidden: true` is not said; the message names those that are there. Somebody renamed it, or saved another workbook under this name. What the file held before stays as it was. A pattern, such as `sheet: /(?i)^rba/`, is less easily broken by a rename.",
    },
    Code {
        code: "E0232",
        title: "the table is not where it should be",
        explanation: "The cell that `region.find` names is not where it is looked for, the header names no column, a column that `fill_down` names is not there, or there is no list at `records`. The form of the file was changed, or it is another file. What it held before stays as it was. Compare the file with `read`.",
    },
    Code {
        code: "E0233",
        title: "the process that reads a file failed",
        explanation: "A file is read by a process of its own, and it could not be started or ended without saying why: the program was replaced or removed while it ran, or the machine is out of processes or memory. The next run tries again; when it goes on, restart the connector and report it together with the log.",
    },
    Code {
        code: "E0234",
        title: "a file is a link that leads out of the folder",
        explanation: "What lies in the folder is a symbolic link to something outside of it, or lies behind one. It is not read, for who may put files into the folder could have any file read that this program may read. What it held before stays as it was. Put the file itself there, or name the folder to which the link leads; the folder of the source may be a link.",
    },
    Code {
        code: "E0236",
        title: "a system that calls us has fallen silent",
        explanation: "Nothing was pushed for longer than `schedule` of the stream expects. The records stay as they are; what is missing is news. Ask the owner of the system whether it still pushes, whether its token is the right one and whether it is let through to the address; the answers that it gets are in its own log. When it has little to say, expect it less often: `schedule: {every: 7d}`. The first push that is taken ends this.",
    },
    Code {
        code: "W0230",
        title: "a file could not be read",
        explanation: "One file of the folder, or several, could not be read; what they held before stays as it was, and everything else was read, deleted and proved as always. The message says why. Correct or remove the file; the next run that reads all of them closes this.",
    },
];
