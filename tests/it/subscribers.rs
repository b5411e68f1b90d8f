//! Applications that are told of changes in the four ways, while everything around them dies or is put back.

mod heard;
mod kill;
mod listener;
mod site;
