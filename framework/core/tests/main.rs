//! What is made from the areas' traits, and what must hold for all of them. How calls cross the boundary is tested where plugins are
//! loaded, in `framework/loader`.

mod areas;
mod header;
mod layout;
mod libwebrtc;
mod shapes;
