"""What predictions and metadata in the Lightly datasource tell of samples, as far as a selection asks for it."""
