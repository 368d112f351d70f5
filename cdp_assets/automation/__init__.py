"""When the assets run: jobs, schedules, sensors, and the refresh as one call for the command line."""
