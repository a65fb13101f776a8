//! The loader: manifest, discovery, verification, retired images.
