# After the files are there; $first says whether they are new.
user=redoubt-agent
if ! getent passwd "$user" >/dev/null; then
    useradd --system --user-group --home-dir /var/lib/redoubt-agent --no-create-home --shell /usr/sbin/nologin "$user"
fi
install -d -m 0700 -o "$user" -g "$user" /var/lib/redoubt-agent
install -d -m 0750 -o root -g "$user" /etc/redoubt-agent
# Deployment scripts that are used elsewhere call the agent there. Another agent's own place is left alone.
elsewhere=/usr/local/qualys/cloud-agent/bin
if [ ! -e /usr/local/qualys ]; then
    mkdir -p "$elsewhere"
    ln -s /usr/lib/redoubt-agent/configure.sh "$elsewhere/qualys-cloud-agent.sh"
fi
if command -v systemctl >/dev/null; then
    if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
    if [ "$first" = yes ]; then systemctl enable redoubt-agent.service; fi
    if [ -d /run/systemd/system ]; then systemctl try-restart redoubt-agent.service; fi
fi
