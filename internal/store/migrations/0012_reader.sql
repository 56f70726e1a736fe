-- programs: 11
-- With which dictionary the program read Chinese that made a release, '' for one that did not say.
ALTER TABLE releases ADD COLUMN reader TEXT NOT NULL DEFAULT '';
