-- When a session was last used and by what, so that its person recognises it and it ends when it lies idle.
ALTER TABLE "Session" ADD COLUMN "lastSeenAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE "Session" ADD COLUMN "device" TEXT;

-- A link that sets a new password is an invitation with a person.
ALTER TABLE "Invite" ADD COLUMN "userId" UUID;
CREATE INDEX "Invite_userId_idx" ON "Invite"("userId");
ALTER TABLE "Invite" ADD CONSTRAINT "Invite_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "Invite" DROP CONSTRAINT "Invite_kind_check";
ALTER TABLE "Invite" ADD CONSTRAINT "Invite_kind_check" CHECK ("kind" IN ('set-up', 'invite', 'password'));
ALTER TABLE "Invite" ADD CONSTRAINT "Invite_userId_check" CHECK (("kind" = 'password') = ("userId" IS NOT NULL));
