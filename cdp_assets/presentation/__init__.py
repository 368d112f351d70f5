"""What people see: the report, a person's profile, the inbox. Reads the serving snapshot; computes nothing new."""
