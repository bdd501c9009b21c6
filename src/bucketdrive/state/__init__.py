"""What this device remembers: one SQLite file. Nobody else imports apsw."""
