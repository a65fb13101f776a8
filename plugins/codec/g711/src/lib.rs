//! G.711 (PCMU, PCMA).
