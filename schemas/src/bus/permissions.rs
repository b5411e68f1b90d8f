//! What the operator of a broker runs so that an application may read events and nothing else. Pure: the commands are
//! told, never run here.

/// For an application that reads a queue of its own. `user` has to be a name as [`super::subscription_queue`] takes ids.
pub fn reading_commands(user: &str, queue: &str) -> Vec<String> {
    vec![
        add_user(user),
        // Configure nothing, write nothing, read this queue.
        format!("rabbitmqctl set_permissions {user} '^$' '^$' '^{}$'", escaped(queue)),
    ]
}

/// For an application that binds queues of its own, whose names begin with its own, to the exchange of changes. `topics`
/// is a regular expression of the routing keys that it may bind, such as `^budget-line\.`.
pub fn binding_commands(user: &str, prefix: &str, topics: &str) -> Vec<String> {
    let (own, exchange) = (format!("{}\\..+", escaped(user)), format!("{prefix}muara.changes"));
    vec![
        add_user(user),
        // To bind a queue is to write to it and to read from the exchange.
        format!("rabbitmqctl set_permissions {user} '^{own}$' '^{own}$' '^({own}|{})$'", escaped(&exchange)),
        format!("rabbitmqctl set_topic_permissions {user} {exchange} '^$' '{topics}'"),
    ]
}

fn add_user(user: &str) -> String {
    format!("rabbitmqctl add_user {user}   # it asks for the password; one of 20 random letters or more")
}

/// A name as a regular expression that matches nothing else.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if !(letter.is_ascii_alphanumeric() || letter == '-' || letter == '_') {
            text.push('\\');
        }
        text.push(letter);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_reads_its_queue_and_nothing_else() {
        let commands = reading_commands("sub-7", "x-muara.subscription.sub-7");
        assert_eq!(commands[1], r"rabbitmqctl set_permissions sub-7 '^$' '^$' '^x-muara\.subscription\.sub-7$'");
    }

    #[test]
    fn an_application_binds_what_it_may() {
        let commands = binding_commands("portal", "", r"^budget-line\.");
        let own = r"portal\..+";
        assert_eq!(
            commands[1],
            format!(r"rabbitmqctl set_permissions portal '^{own}$' '^{own}$' '^({own}|muara\.changes)$'")
        );
        assert_eq!(commands[2], r"rabbitmqctl set_topic_permissions portal muara.changes '^$' '^budget-line\.'");
    }
}
