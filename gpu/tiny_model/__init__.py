"""How the `tiny` base model and its scorer were made: data, pretraining and export. Not needed to run them."""
