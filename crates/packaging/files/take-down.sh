# Before the files go.
if command -v systemctl >/dev/null; then
    if [ -d /run/systemd/system ]; then systemctl stop redoubt-agent.service; fi
    systemctl disable redoubt-agent.service || true
fi
elsewhere=/usr/local/qualys/cloud-agent/bin
if [ "$(readlink "$elsewhere/qualys-cloud-agent.sh")" = /usr/lib/redoubt-agent/configure.sh ]; then
    rm "$elsewhere/qualys-cloud-agent.sh"
    # As far as nothing else is in them.
    rmdir "$elsewhere" /usr/local/qualys/cloud-agent /usr/local/qualys 2>/dev/null || true
fi
