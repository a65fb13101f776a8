//! PLUGIN_TITLE against the suite of its area: what every host relies on.

CONFORMANCE
