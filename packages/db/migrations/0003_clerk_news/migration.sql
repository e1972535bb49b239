-- How new what the identity provider told of a person is, so that late and repeated news change nothing; and whether it was the
-- provider that suspended them, so that it lifts its own suspension and nobody else's.
ALTER TABLE "User" ADD COLUMN "providerUpdatedAt" TIMESTAMPTZ(3);
ALTER TABLE "User" ADD COLUMN "providerSuspended" BOOLEAN NOT NULL DEFAULT false;
