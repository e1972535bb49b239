-- What a download that is under way will take: what one person's downloads take together has a limit.
ALTER TABLE "BulkOperation" ADD COLUMN "sizeBytes" BIGINT NOT NULL DEFAULT 0;
