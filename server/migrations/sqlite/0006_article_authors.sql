-- Where each change of an article came from (`folder`, `file` or `console`), and which person made it where one is known. Nothing for
-- changes from before.
ALTER TABLE article_history ADD COLUMN origin TEXT;
ALTER TABLE article_history ADD COLUMN actor TEXT;
