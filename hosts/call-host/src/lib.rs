//! The reference call host: rooms, signalling, HTTP interface and web page.
