"""What is shown where no application can be told: the page of every `PageError`."""
