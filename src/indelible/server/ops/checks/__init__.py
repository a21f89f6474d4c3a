"""What `indelible doctor` looks at: one file per subject, each check a function of `Subject`."""
