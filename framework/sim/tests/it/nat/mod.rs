//! Real transports through gateways and firewalls, one file per question: who meets whom, in which places, what happens when a gateway
//! forgets, what keeps a mapping alive, and which family is taken.

mod end;
mod families;
mod keepalive;
mod matrix;
mod places;
mod rebinding;
mod switching;
mod world;
