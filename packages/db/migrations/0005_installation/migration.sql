-- Which installation this database is of, and how often store and database were held against each other: the store has the
-- same, so that a wrong or an old database is found out before anything of the store is removed.
CREATE TABLE "Installation" (
    "singleton" BOOLEAN NOT NULL DEFAULT true,
    "id" UUID NOT NULL,
    "pass" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "Installation_pkey" PRIMARY KEY ("singleton"),
    CONSTRAINT "Installation_singleton_check" CHECK ("singleton")
);
