"""The first stage: delivered files become raw tables, each row once, as text, with where it came from."""
