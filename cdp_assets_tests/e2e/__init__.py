"""The real webserver, daemon, receiver and browser, on loopback."""
