//! The loader with real plugin files: those of the workspace, one in C that is compiled here, and broken ones made from them.

mod abi_diff;
mod boundary;
mod c_plugins;
mod checks;
mod damaged_files;
mod discovery;
mod faults;
mod kept_plugins;
mod linked;
mod manifest;
mod metadata;
mod reload;
mod remembering;
mod resolving;
mod support;
mod trust;
