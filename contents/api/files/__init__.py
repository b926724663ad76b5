"""What is known of one file, as its page in the gallery shows it."""
