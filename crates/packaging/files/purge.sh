# After the files are gone, and nothing of the agent is wanted any more.
rm -rf /var/lib/redoubt-agent /etc/redoubt-agent
if getent passwd redoubt-agent >/dev/null; then userdel redoubt-agent; fi
if getent group redoubt-agent >/dev/null; then groupdel redoubt-agent; fi
