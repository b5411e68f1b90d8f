//! Applications that are told of changes in the four ways, while everything around them dies or is put back.

mod canary;
mod heard;
mod kill;
mod listener;
mod restore;
mod site;
