//! What is made from the areas' traits. How calls cross the boundary is tested where plugins are loaded, in `framework/loader`.

mod header;
