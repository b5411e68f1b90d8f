//! Change events on their way out: into queues on a real broker and to real endpoints.

mod broker;
mod receiver;
mod rig;
mod webhook;
