//! The contract of the bus: one suite, run over both carriers, and what only a broker can be asked.
//!
//! The broker is the one of `MUARA_TEST_AMQP` (`amqp://`, a user who may declare and delete), a private one otherwise.
//! Each test has exchanges and queues of its own, with a random prefix, and deletes them at its end.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]
#![expect(
    clippy::disallowed_methods,
    reason = "a test has no task set, and is told by the environment where a broker is"
)]

mod letters;
mod outage;
mod proxy;
mod rig;
#[path = "../../../tests/src/services.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with other tests, which use more of it")]
mod services;
mod suite;

/// Runs each function of the suite over both carriers.
macro_rules! over_both_carriers {
    ($($test:ident),* $(,)?) => {
        mod local {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                crate::rig::over_local(crate::suite::$test).await;
            })*
        }

        mod amqp {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                crate::rig::over_amqp(crate::suite::$test).await;
            })*
        }
    };
}

over_both_carriers!(
    a_partition_keeps_its_order,
    a_message_arrives_whole,
    a_receipt_means_what_it_says,
    what_was_not_acknowledged_comes_again,
    a_requeued_message_comes_again_and_is_counted,
    a_message_that_always_fails_ends_among_the_dead_letters,
    the_window_bounds_messages,
    the_window_bounds_bytes,
    many_publishers_keep_their_own_order,
    one_consumer_of_a_partition_is_active_and_the_next_takes_over,
    a_consumer_holds_no_more_than_its_prefetch,
    commands_wait_for_their_system,
    an_expired_command_does_not_come,
    after_closing_nothing_goes_on,
);
