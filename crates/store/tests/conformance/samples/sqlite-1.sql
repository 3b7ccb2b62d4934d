-- A file as the first version of the tables was written: every text plain, small pages.
PRAGMA page_size = 4096;
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
CREATE TABLE ids (kind TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE keys (kind TEXT, key TEXT, id INTEGER NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE changes (sequence INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL,
    author TEXT NOT NULL, kind TEXT NOT NULL, id INTEGER NOT NULL, change TEXT NOT NULL,
    before TEXT NOT NULL, after TEXT NOT NULL);
CREATE TABLE kind_host (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, document TEXT NOT NULL);
CREATE TABLE kind_side_note (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, document TEXT NOT NULL);
INSERT INTO ids VALUES ('host', 3), ('side_note', 2);
INSERT INTO keys VALUES ('host', 'alpha', 1), ('host', 'beta', 2), ('host', 'b', 2);
INSERT INTO kind_host VALUES
    (1, 2, '{"name":"alpha","aliases":[],"hits":7,"ports":[22,80]}'),
    (2, 1, '{"name":"beta","aliases":["b"],"hits":0,"ports":[]}');
INSERT INTO kind_side_note VALUES (1, 1, '{"text":"kept since"}');
INSERT INTO changes (at, author, kind, id, change, before, after) VALUES
    ('2026-03-01T09:00:00Z', 'ann', 'host', 1, 'created', '{}', '{"name":"alpha","aliases":[],"hits":0,"ports":[22]}'),
    ('2026-03-01T09:00:01Z', 'ann', 'host', 2, 'created', '{}', '{"name":"beta","aliases":["b"],"hits":0,"ports":[]}'),
    ('2026-03-01T09:00:02.5Z', 'bob', 'host', 1, 'updated', '{"hits":0,"ports":[]}', '{"hits":7,"ports":[80]}'),
    ('2026-03-01T09:00:03Z', 'ann', 'side_note', 1, 'created', '{}', '{"text":"kept since"}');
PRAGMA user_version = 1;
COMMIT;
