//! Mixer of the loudest speakers.
