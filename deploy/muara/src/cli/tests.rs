//! Whether every command can be asked for at all: clap tells most slips only when somebody comes to them.

use clap::{Arg, Command, CommandFactory as _, Parser as _};

use super::Cli;

/// The least that each command can be called with, as its words.
fn least(command: &Command, before: &[String], found: &mut Vec<Vec<String>>) {
    let mut words = before.to_vec();
    words.push(command.get_name().to_owned());
    for argument in command.get_arguments().filter(|argument| argument.is_required_set()) {
        words.extend(option(argument));
        words.push("1".to_owned());
    }
    if !command.is_subcommand_required_set() {
        found.push(words.clone());
    }
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        least(below, &words, found);
    }
}

fn option(argument: &Arg) -> Option<String> {
    argument.get_long().map(|long| format!("--{long}"))
}

#[test]
fn every_command_is_sound_and_can_be_called() {
    let mut all = Cli::command();
    all.build();
    all.clone().debug_assert();
    let mut calls = Vec::new();
    least(&all, &[], &mut calls);

    for call in &calls {
        let parsed = Cli::try_parse_from(call);
        assert!(parsed.is_ok(), "{}: {}", call.join(" "), parsed.unwrap_err());
    }

    assert!(calls.len() > 30, "{calls:?}");
}

#[test]
fn no_command_has_an_option_that_the_program_has_for_all() {
    fn look(command: &Command, global: &[String]) {
        let own = command.get_arguments().filter(|argument| !argument.is_global_set()).filter_map(option);
        let twice: Vec<String> = own.filter(|own| global.contains(own)).collect();
        assert!(twice.is_empty(), "{} has {twice:?}", command.get_name());
        for below in command.get_subcommands() {
            look(below, global);
        }
    }
    let all = Cli::command();
    let global: Vec<String> =
        all.get_arguments().filter(|argument| argument.is_global_set()).filter_map(option).collect();

    for command in all.get_subcommands() {
        look(command, &global);
    }

    assert!(global.contains(&"--config".to_owned()), "{global:?}");
}
