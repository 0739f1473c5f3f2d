"""The console in a browser on this machine: logins by link, pages, and a console process for each tab."""
