"""The stage after the selection: thumbnails, frames of videos and metadata of what was chosen."""
