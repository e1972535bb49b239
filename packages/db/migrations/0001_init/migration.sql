-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "User" (
    "id" UUID NOT NULL,
    "subject" TEXT NOT NULL,
    "email" TEXT,
    "displayName" TEXT NOT NULL,
    "pseudonym" UUID NOT NULL DEFAULT gen_random_uuid(),
    "role" TEXT NOT NULL DEFAULT 'member',
    "status" TEXT NOT NULL DEFAULT 'active',
    "budgetLimitMicroUsd" BIGINT,
    "heldMicroUsd" BIGINT NOT NULL DEFAULT 0,
    "spentMicroUsd" BIGINT NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Credential" (
    "userId" UUID NOT NULL,
    "passwordHash" TEXT NOT NULL,
    "failedCount" INTEGER NOT NULL DEFAULT 0,
    "lockedUntil" TIMESTAMPTZ(3),
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Credential_pkey" PRIMARY KEY ("userId")
);

-- CreateTable
CREATE TABLE "Session" (
    "id" TEXT NOT NULL,
    "userId" UUID,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ApiKey" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "secretHash" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastUsedAt" TIMESTAMPTZ(3),
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "ApiKey_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Invite" (
    "codeHash" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "createdBy" UUID,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "usedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Invite_pkey" PRIMARY KEY ("codeHash")
);

-- CreateTable
CREATE TABLE "Model" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "classWord" TEXT NOT NULL,
    "triggerWord" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'draft',
    "plan" JSONB,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deletedAt" TIMESTAMPTZ(3),
    "chosenWeightsId" UUID,

    CONSTRAINT "Model_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Consent" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "modelId" UUID NOT NULL,
    "subject" TEXT NOT NULL,
    "textVersion" TEXT NOT NULL,
    "textHash" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Consent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Photo" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "modelId" UUID NOT NULL,
    "fileName" TEXT NOT NULL,
    "contentType" TEXT NOT NULL,
    "sizeBytes" INTEGER NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'uploading',
    "refusalCode" TEXT,
    "sourceSha256" TEXT,
    "sha256" TEXT,
    "width" INTEGER,
    "height" INTEGER,
    "look" JSONB,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deletedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Photo_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Training" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "modelId" UUID NOT NULL,
    "profile" TEXT NOT NULL,
    "preset" TEXT NOT NULL,
    "settings" JSONB NOT NULL,
    "photoIds" UUID[],
    "lossHistory" JSONB NOT NULL DEFAULT '[]',
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Training_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Sample" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "trainingId" UUID NOT NULL,
    "step" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "prompt" TEXT NOT NULL,
    "storageKey" TEXT NOT NULL,
    "width" INTEGER NOT NULL,
    "height" INTEGER NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Sample_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Weights" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "modelId" UUID NOT NULL,
    "trainingId" UUID NOT NULL,
    "jobId" UUID,
    "step" INTEGER NOT NULL,
    "final" BOOLEAN NOT NULL,
    "lost" BOOLEAN NOT NULL DEFAULT false,
    "likeness" DOUBLE PRECISION,
    "storageKey" TEXT NOT NULL,
    "sizeBytes" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,
    "kohyaStorageKey" TEXT,
    "profile" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Weights_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Generation" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "modelId" UUID NOT NULL,
    "weightsId" UUID NOT NULL,
    "packVersionId" UUID,
    "prompt" TEXT,
    "negativePrompt" TEXT NOT NULL,
    "seed" BIGINT NOT NULL,
    "steps" INTEGER NOT NULL,
    "guidance" DOUBLE PRECISION NOT NULL,
    "width" INTEGER NOT NULL,
    "height" INTEGER NOT NULL,
    "loraWeight" DOUBLE PRECISION NOT NULL,
    "scheduler" TEXT NOT NULL DEFAULT 'euler',
    "draft" BOOLEAN NOT NULL DEFAULT false,
    "format" TEXT NOT NULL DEFAULT 'png',
    "planned" JSONB NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Generation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Image" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "modelId" UUID NOT NULL,
    "generationId" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "failureCode" TEXT,
    "prompt" TEXT NOT NULL,
    "compiledPrompt" TEXT NOT NULL,
    "seed" BIGINT NOT NULL,
    "width" INTEGER NOT NULL,
    "height" INTEGER NOT NULL,
    "storageKey" TEXT,
    "sizeBytes" INTEGER,
    "sha256" TEXT,
    "safety" JSONB,
    "favourite" BOOLEAN NOT NULL DEFAULT false,
    "rating" INTEGER,
    "thumbhash" BYTEA,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deletedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Image_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Collection" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deletedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Collection_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "CollectionImage" (
    "collectionId" UUID NOT NULL,
    "imageId" UUID NOT NULL,

    CONSTRAINT "CollectionImage_pkey" PRIMARY KEY ("collectionId","imageId")
);

-- CreateTable
CREATE TABLE "BulkOperation" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "idempotencyKey" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'queued',
    "selection" JSONB NOT NULL,
    "collectionId" UUID,
    "total" INTEGER NOT NULL,
    "done" INTEGER NOT NULL DEFAULT 0,
    "reached" INTEGER NOT NULL DEFAULT 0,
    "skipped" INTEGER NOT NULL DEFAULT 0,
    "cursor" UUID,
    "files" JSONB NOT NULL DEFAULT '[]',
    "failureCode" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "endedAt" TIMESTAMPTZ(3),

    CONSTRAINT "BulkOperation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Pack" (
    "id" UUID NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Pack_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "PackVersion" (
    "id" UUID NOT NULL,
    "packId" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "prompts" TEXT[],
    "negativePrompt" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "PackVersion_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "PackOrder" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "modelId" UUID NOT NULL,
    "trainingId" UUID NOT NULL,
    "packVersionId" UUID NOT NULL,
    "n" INTEGER NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "generationId" UUID,
    "refusalCode" TEXT,
    "refusal" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "PackOrder_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Job" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "trainingId" UUID,
    "generationId" UUID,
    "modelId" UUID NOT NULL,
    "retryOf" UUID,
    "state" TEXT NOT NULL DEFAULT 'queued',
    "attempt" INTEGER NOT NULL DEFAULT 1,
    "version" INTEGER NOT NULL DEFAULT 0,
    "stateSince" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deadlineAt" TIMESTAMPTZ(3) NOT NULL,
    "holdMicroUsd" BIGINT NOT NULL DEFAULT 0,
    "costMicroUsd" BIGINT NOT NULL DEFAULT 0,
    "failureCode" TEXT,
    "checkpoint" JSONB,
    "startedAt" TIMESTAMPTZ(3),
    "endedAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Job_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "LiveJob" (
    "jobId" UUID NOT NULL,
    "generationId" UUID,
    "modelId" UUID,
    "userId" UUID,
    "place" INTEGER,

    CONSTRAINT "LiveJob_pkey" PRIMARY KEY ("jobId")
);

-- CreateTable
CREATE TABLE "UnsweptJob" (
    "jobId" UUID NOT NULL,

    CONSTRAINT "UnsweptJob_pkey" PRIMARY KEY ("jobId")
);

-- CreateTable
CREATE TABLE "JobAttempt" (
    "jobId" UUID NOT NULL,
    "attempt" INTEGER NOT NULL,
    "submittedCallIds" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "claimedCallId" TEXT,
    "claimEpoch" INTEGER NOT NULL DEFAULT 0,
    "startedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "claimedAt" TIMESTAMPTZ(3),
    "endedAt" TIMESTAMPTZ(3),
    "cause" TEXT,

    CONSTRAINT "JobAttempt_pkey" PRIMARY KEY ("jobId","attempt")
);

-- CreateTable
CREATE TABLE "JobEvent" (
    "number" BIGSERIAL NOT NULL,
    "jobId" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "orderId" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "imageId" UUID,
    "step" INTEGER,
    "code" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "JobEvent_pkey" PRIMARY KEY ("jobId","number")
);

-- CreateTable
CREATE TABLE "GpuEvent" (
    "id" BIGSERIAL NOT NULL,
    "jobId" UUID NOT NULL,
    "webhookId" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "claimEpoch" INTEGER NOT NULL,
    "payload" JSONB NOT NULL,
    "receivedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "appliedAt" TIMESTAMPTZ(3),

    CONSTRAINT "GpuEvent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Outbox" (
    "id" UUID NOT NULL,
    "task" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "dueAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "IdempotencyKey" (
    "userId" UUID NOT NULL,
    "procedure" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "bodyHash" TEXT NOT NULL,
    "jobId" UUID NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "IdempotencyKey_pkey" PRIMARY KEY ("userId","procedure","key")
);

-- CreateTable
CREATE TABLE "LedgerEntry" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "jobId" UUID NOT NULL,
    "entry" TEXT NOT NULL,
    "amountMicroUsd" BIGINT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "LedgerEntry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "DeadLetter" (
    "jobId" UUID NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "DeadLetter_pkey" PRIMARY KEY ("jobId")
);

-- CreateTable
CREATE TABLE "CallCount" (
    "key" VARCHAR(255) NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "expire" BIGINT,

    CONSTRAINT "CallCount_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "Lease" (
    "name" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Lease_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "Erasure" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'erasing',
    "requestedBy" TEXT NOT NULL,
    "pseudonym" UUID NOT NULL,
    "codeHash" TEXT NOT NULL,
    "userId" UUID,
    "targetId" UUID,
    "modelId" UUID,
    "objectKey" TEXT,
    "jobIds" UUID[] DEFAULT ARRAY[]::UUID[],
    "photoIds" UUID[] DEFAULT ARRAY[]::UUID[],
    "callIds" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "subject" TEXT,
    "stepsDone" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "counts" JSONB NOT NULL DEFAULT '{}',
    "receipt" JSONB,
    "requestedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "erasedAt" TIMESTAMPTZ(3),
    "sweptAt" TIMESTAMPTZ(3),
    "dueAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "tries" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "Erasure_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ErasedSubject" (
    "subjectHash" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ErasedSubject_pkey" PRIMARY KEY ("subjectHash")
);

-- CreateTable
CREATE TABLE "Report" (
    "id" UUID NOT NULL,
    "codeHash" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'open',
    "reason" TEXT NOT NULL,
    "what" TEXT NOT NULL,
    "words" TEXT NOT NULL,
    "contact" TEXT,
    "namedIds" UUID[],
    "reporterId" UUID,
    "receivedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "dueAt" TIMESTAMPTZ(3) NOT NULL,
    "decidedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Report_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Strike" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "liftedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Strike_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "DataExport" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'making',
    "sizeBytes" BIGINT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3),
    "dueAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "tries" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "DataExport_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "AuditEntry" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "action" TEXT NOT NULL,
    "actor" UUID,
    "subject" UUID,
    "detail" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "AuditEntry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "AuditLink" (
    "number" BIGINT NOT NULL,
    "entryId" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "AuditLink_pkey" PRIMARY KEY ("number")
);

-- CreateTable
CREATE TABLE "AuditUnlinked" (
    "entryId" BIGINT NOT NULL,

    CONSTRAINT "AuditUnlinked_pkey" PRIMARY KEY ("entryId")
);

-- CreateIndex
CREATE UNIQUE INDEX "User_subject_key" ON "User"("subject");

-- CreateIndex
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");

-- CreateIndex
CREATE UNIQUE INDEX "User_pseudonym_key" ON "User"("pseudonym");

-- CreateIndex
CREATE INDEX "Session_userId_idx" ON "Session"("userId");

-- CreateIndex
CREATE INDEX "Session_expiresAt_idx" ON "Session"("expiresAt");

-- CreateIndex
CREATE UNIQUE INDEX "ApiKey_secretHash_key" ON "ApiKey"("secretHash");

-- CreateIndex
CREATE INDEX "ApiKey_userId_id_idx" ON "ApiKey"("userId", "id" DESC);

-- CreateIndex
CREATE INDEX "Invite_createdBy_idx" ON "Invite"("createdBy");

-- CreateIndex
CREATE UNIQUE INDEX "Model_triggerWord_key" ON "Model"("triggerWord");

-- CreateIndex
CREATE INDEX "Model_userId_id_idx" ON "Model"("userId", "id" DESC);

-- CreateIndex
CREATE INDEX "Model_deletedAt_idx" ON "Model"("deletedAt");

-- CreateIndex
CREATE INDEX "Model_chosenWeightsId_idx" ON "Model"("chosenWeightsId");

-- CreateIndex
CREATE INDEX "Consent_modelId_createdAt_idx" ON "Consent"("modelId", "createdAt" DESC);

-- CreateIndex
CREATE INDEX "Consent_userId_idx" ON "Consent"("userId");

-- CreateIndex
CREATE INDEX "Photo_modelId_id_idx" ON "Photo"("modelId", "id");

-- CreateIndex
CREATE INDEX "Photo_userId_idx" ON "Photo"("userId");

-- CreateIndex
CREATE INDEX "Photo_state_updatedAt_idx" ON "Photo"("state", "updatedAt");

-- CreateIndex
CREATE INDEX "Photo_deletedAt_idx" ON "Photo"("deletedAt");

-- CreateIndex
CREATE INDEX "Training_userId_id_idx" ON "Training"("userId", "id" DESC);

-- CreateIndex
CREATE INDEX "Training_modelId_id_idx" ON "Training"("modelId", "id" DESC);

-- CreateIndex
CREATE INDEX "Training_profile_preset_id_idx" ON "Training"("profile", "preset", "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "Sample_storageKey_key" ON "Sample"("storageKey");

-- CreateIndex
CREATE UNIQUE INDEX "Sample_trainingId_step_position_key" ON "Sample"("trainingId", "step", "position");

-- CreateIndex
CREATE UNIQUE INDEX "Weights_storageKey_key" ON "Weights"("storageKey");

-- CreateIndex
CREATE UNIQUE INDEX "Weights_kohyaStorageKey_key" ON "Weights"("kohyaStorageKey");

-- CreateIndex
CREATE INDEX "Weights_modelId_id_idx" ON "Weights"("modelId", "id" DESC);

-- CreateIndex
CREATE INDEX "Weights_trainingId_idx" ON "Weights"("trainingId");

-- CreateIndex
CREATE UNIQUE INDEX "Weights_jobId_step_final_key" ON "Weights"("jobId", "step", "final");

-- CreateIndex
CREATE INDEX "Generation_userId_id_idx" ON "Generation"("userId", "id" DESC);

-- CreateIndex
CREATE INDEX "Generation_modelId_id_idx" ON "Generation"("modelId", "id" DESC);

-- CreateIndex
CREATE INDEX "Generation_weightsId_idx" ON "Generation"("weightsId");

-- CreateIndex
CREATE UNIQUE INDEX "Image_storageKey_key" ON "Image"("storageKey");

-- CreateIndex
CREATE INDEX "Image_userId_id_idx" ON "Image"("userId", "id" DESC);

-- CreateIndex
CREATE INDEX "Image_modelId_id_idx" ON "Image"("modelId", "id" DESC);

-- CreateIndex
CREATE INDEX "Image_generationId_position_idx" ON "Image"("generationId", "position");

-- CreateIndex
CREATE INDEX "Collection_userId_id_idx" ON "Collection"("userId", "id" DESC);

-- CreateIndex
CREATE INDEX "CollectionImage_imageId_idx" ON "CollectionImage"("imageId");

-- CreateIndex
CREATE INDEX "BulkOperation_userId_id_idx" ON "BulkOperation"("userId", "id" DESC);

-- CreateIndex
CREATE INDEX "BulkOperation_endedAt_idx" ON "BulkOperation"("endedAt");

-- CreateIndex
CREATE UNIQUE INDEX "BulkOperation_userId_idempotencyKey_key" ON "BulkOperation"("userId", "idempotencyKey");

-- CreateIndex
CREATE UNIQUE INDEX "Pack_slug_key" ON "Pack"("slug");

-- CreateIndex
CREATE UNIQUE INDEX "PackVersion_packId_version_key" ON "PackVersion"("packId", "version");

-- CreateIndex
CREATE UNIQUE INDEX "PackOrder_trainingId_key" ON "PackOrder"("trainingId");

-- CreateIndex
CREATE INDEX "PackOrder_userId_idx" ON "PackOrder"("userId");

-- CreateIndex
CREATE INDEX "PackOrder_modelId_idx" ON "PackOrder"("modelId");

-- CreateIndex
CREATE INDEX "PackOrder_state_updatedAt_idx" ON "PackOrder"("state", "updatedAt");

-- CreateIndex
CREATE INDEX "Job_userId_id_idx" ON "Job"("userId", "id" DESC);

-- CreateIndex
CREATE INDEX "Job_generationId_id_idx" ON "Job"("generationId", "id" DESC);

-- CreateIndex
CREATE INDEX "Job_modelId_idx" ON "Job"("modelId");

-- CreateIndex
CREATE UNIQUE INDEX "LiveJob_generationId_key" ON "LiveJob"("generationId");

-- CreateIndex
CREATE UNIQUE INDEX "LiveJob_modelId_key" ON "LiveJob"("modelId");

-- CreateIndex
CREATE INDEX "JobEvent_userId_number_idx" ON "JobEvent"("userId", "number");

-- CreateIndex
CREATE UNIQUE INDEX "GpuEvent_jobId_webhookId_key" ON "GpuEvent"("jobId", "webhookId");

-- CreateIndex
CREATE INDEX "Outbox_dueAt_idx" ON "Outbox"("dueAt");

-- CreateIndex
CREATE INDEX "IdempotencyKey_createdAt_idx" ON "IdempotencyKey"("createdAt");

-- CreateIndex
CREATE INDEX "LedgerEntry_userId_id_idx" ON "LedgerEntry"("userId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "LedgerEntry_jobId_entry_key" ON "LedgerEntry"("jobId", "entry");

-- CreateIndex
CREATE UNIQUE INDEX "Erasure_codeHash_key" ON "Erasure"("codeHash");

-- CreateIndex
CREATE INDEX "Erasure_dueAt_idx" ON "Erasure"("dueAt");

-- CreateIndex
CREATE UNIQUE INDEX "Report_codeHash_key" ON "Report"("codeHash");

-- CreateIndex
CREATE INDEX "Report_reporterId_idx" ON "Report"("reporterId");

-- CreateIndex
CREATE INDEX "Report_decidedAt_idx" ON "Report"("decidedAt");

-- CreateIndex
CREATE INDEX "Strike_userId_id_idx" ON "Strike"("userId", "id" DESC);

-- CreateIndex
CREATE INDEX "DataExport_userId_id_idx" ON "DataExport"("userId", "id" DESC);

-- CreateIndex
CREATE INDEX "DataExport_dueAt_idx" ON "DataExport"("dueAt");

-- CreateIndex
CREATE INDEX "AuditEntry_actor_idx" ON "AuditEntry"("actor");

-- CreateIndex
CREATE INDEX "AuditEntry_subject_idx" ON "AuditEntry"("subject");

-- CreateIndex
CREATE UNIQUE INDEX "AuditLink_entryId_key" ON "AuditLink"("entryId");

-- AddForeignKey
ALTER TABLE "Credential" ADD CONSTRAINT "Credential_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Session" ADD CONSTRAINT "Session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ApiKey" ADD CONSTRAINT "ApiKey_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Invite" ADD CONSTRAINT "Invite_createdBy_fkey" FOREIGN KEY ("createdBy") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Model" ADD CONSTRAINT "Model_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Model" ADD CONSTRAINT "Model_chosenWeightsId_fkey" FOREIGN KEY ("chosenWeightsId") REFERENCES "Weights"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Photo" ADD CONSTRAINT "Photo_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Photo" ADD CONSTRAINT "Photo_modelId_fkey" FOREIGN KEY ("modelId") REFERENCES "Model"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Training" ADD CONSTRAINT "Training_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Training" ADD CONSTRAINT "Training_modelId_fkey" FOREIGN KEY ("modelId") REFERENCES "Model"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Sample" ADD CONSTRAINT "Sample_trainingId_fkey" FOREIGN KEY ("trainingId") REFERENCES "Training"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Weights" ADD CONSTRAINT "Weights_modelId_fkey" FOREIGN KEY ("modelId") REFERENCES "Model"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Weights" ADD CONSTRAINT "Weights_trainingId_fkey" FOREIGN KEY ("trainingId") REFERENCES "Training"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Weights" ADD CONSTRAINT "Weights_jobId_fkey" FOREIGN KEY ("jobId") REFERENCES "Job"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Generation" ADD CONSTRAINT "Generation_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Generation" ADD CONSTRAINT "Generation_modelId_fkey" FOREIGN KEY ("modelId") REFERENCES "Model"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Generation" ADD CONSTRAINT "Generation_weightsId_fkey" FOREIGN KEY ("weightsId") REFERENCES "Weights"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Generation" ADD CONSTRAINT "Generation_packVersionId_fkey" FOREIGN KEY ("packVersionId") REFERENCES "PackVersion"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Image" ADD CONSTRAINT "Image_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Image" ADD CONSTRAINT "Image_modelId_fkey" FOREIGN KEY ("modelId") REFERENCES "Model"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Image" ADD CONSTRAINT "Image_generationId_fkey" FOREIGN KEY ("generationId") REFERENCES "Generation"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Collection" ADD CONSTRAINT "Collection_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "CollectionImage" ADD CONSTRAINT "CollectionImage_collectionId_fkey" FOREIGN KEY ("collectionId") REFERENCES "Collection"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "CollectionImage" ADD CONSTRAINT "CollectionImage_imageId_fkey" FOREIGN KEY ("imageId") REFERENCES "Image"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "BulkOperation" ADD CONSTRAINT "BulkOperation_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "PackVersion" ADD CONSTRAINT "PackVersion_packId_fkey" FOREIGN KEY ("packId") REFERENCES "Pack"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "PackOrder" ADD CONSTRAINT "PackOrder_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "PackOrder" ADD CONSTRAINT "PackOrder_modelId_fkey" FOREIGN KEY ("modelId") REFERENCES "Model"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "PackOrder" ADD CONSTRAINT "PackOrder_trainingId_fkey" FOREIGN KEY ("trainingId") REFERENCES "Training"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "PackOrder" ADD CONSTRAINT "PackOrder_packVersionId_fkey" FOREIGN KEY ("packVersionId") REFERENCES "PackVersion"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Job" ADD CONSTRAINT "Job_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Job" ADD CONSTRAINT "Job_trainingId_fkey" FOREIGN KEY ("trainingId") REFERENCES "Training"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Job" ADD CONSTRAINT "Job_generationId_fkey" FOREIGN KEY ("generationId") REFERENCES "Generation"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Job" ADD CONSTRAINT "Job_modelId_fkey" FOREIGN KEY ("modelId") REFERENCES "Model"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "LiveJob" ADD CONSTRAINT "LiveJob_jobId_fkey" FOREIGN KEY ("jobId") REFERENCES "Job"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "UnsweptJob" ADD CONSTRAINT "UnsweptJob_jobId_fkey" FOREIGN KEY ("jobId") REFERENCES "Job"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "JobAttempt" ADD CONSTRAINT "JobAttempt_jobId_fkey" FOREIGN KEY ("jobId") REFERENCES "Job"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "JobEvent" ADD CONSTRAINT "JobEvent_jobId_fkey" FOREIGN KEY ("jobId") REFERENCES "Job"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Report" ADD CONSTRAINT "Report_reporterId_fkey" FOREIGN KEY ("reporterId") REFERENCES "User"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Strike" ADD CONSTRAINT "Strike_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "DataExport" ADD CONSTRAINT "DataExport_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "DeadLetter" ADD CONSTRAINT "DeadLetter_jobId_fkey" FOREIGN KEY ("jobId") REFERENCES "Job"("id") ON DELETE CASCADE ON UPDATE CASCADE;



-- States and counters that must never hold anything else, whatever writes them.
ALTER TABLE "User" ADD CONSTRAINT "User_role_check" CHECK ("role" IN ('member', 'admin'));
ALTER TABLE "User" ADD CONSTRAINT "User_status_check" CHECK ("status" IN ('active', 'suspended', 'erasing'));
ALTER TABLE "User" ADD CONSTRAINT "User_money_check" CHECK ("heldMicroUsd" >= 0 AND "spentMicroUsd" >= 0);
ALTER TABLE "Invite" ADD CONSTRAINT "Invite_kind_check" CHECK ("kind" IN ('set-up', 'invite'));
ALTER TABLE "Model" ADD CONSTRAINT "Model_state_check" CHECK ("state" IN ('draft', 'training', 'ready', 'failed'));
ALTER TABLE "Weights" ADD CONSTRAINT "Weights_likeness_check" CHECK ("likeness" BETWEEN 0 AND 1);
ALTER TABLE "Photo" ADD CONSTRAINT "Photo_state_check" CHECK ("state" IN ('uploading', 'checking', 'ready', 'refused'));
ALTER TABLE "Image" ADD CONSTRAINT "Image_state_check" CHECK ("state" IN ('ready', 'failed'));
ALTER TABLE "Image" ADD CONSTRAINT "Image_rating_check" CHECK ("rating" BETWEEN 1 AND 5);
ALTER TABLE "BulkOperation" ADD CONSTRAINT "BulkOperation_kind_check" CHECK ("kind" IN ('download', 'delete', 'restore', 'collect'));
ALTER TABLE "BulkOperation" ADD CONSTRAINT "BulkOperation_state_check" CHECK ("state" IN ('queued', 'running', 'succeeded', 'failed', 'cancelled'));
ALTER TABLE "PackOrder" ADD CONSTRAINT "PackOrder_state_check" CHECK ("state" IN ('waiting', 'due', 'started', 'refused', 'released'));
ALTER TABLE "PackOrder" ADD CONSTRAINT "PackOrder_end_check" CHECK (("state" = 'started') = ("generationId" IS NOT NULL) AND ("state" = 'refused') = ("refusalCode" IS NOT NULL));
ALTER TABLE "Job" ADD CONSTRAINT "Job_state_check" CHECK ("state" IN ('queued', 'dispatching', 'running', 'succeeded', 'failed', 'cancelled', 'expired'));
ALTER TABLE "Job" ADD CONSTRAINT "Job_order_check" CHECK (("kind" = 'train' AND "trainingId" IS NOT NULL AND "generationId" IS NULL) OR ("kind" = 'generate' AND "generationId" IS NOT NULL AND "trainingId" IS NULL));
ALTER TABLE "Job" ADD CONSTRAINT "Job_money_check" CHECK ("holdMicroUsd" >= 0 AND "costMicroUsd" >= 0 AND "costMicroUsd" <= "holdMicroUsd");
ALTER TABLE "LedgerEntry" ADD CONSTRAINT "LedgerEntry_entry_check" CHECK ("entry" IN ('hold', 'settle', 'release'));
ALTER TABLE "LedgerEntry" ADD CONSTRAINT "LedgerEntry_amount_check" CHECK ("amountMicroUsd" > 0);

-- A ready image has its object; a failed one has its reason.
ALTER TABLE "Image" ADD CONSTRAINT "Image_object_check" CHECK (("state" = 'ready' AND "storageKey" IS NOT NULL AND "sha256" IS NOT NULL) OR ("state" = 'failed' AND "failureCode" IS NOT NULL));

-- Columns that are empty in most rows.
CREATE INDEX "Job_trainingId_id_idx" ON "Job" ("trainingId", "id" DESC) WHERE "trainingId" IS NOT NULL;
CREATE INDEX "Generation_packVersionId_idx" ON "Generation" ("packVersionId") WHERE "packVersionId" IS NOT NULL;
CREATE INDEX "Image_deletedAt_idx" ON "Image" ("deletedAt") WHERE "deletedAt" IS NOT NULL;
CREATE INDEX "Image_trash_idx" ON "Image" ("userId", "id" DESC) WHERE "deletedAt" IS NOT NULL;
CREATE INDEX "Image_favourite_idx" ON "Image" ("userId", "id" DESC) WHERE "favourite";
CREATE INDEX "Image_rating_idx" ON "Image" ("userId", "id" DESC) WHERE "rating" IS NOT NULL;

-- Words of prompts, within one person: without the person in it, a common word would be looked up in everybody's images.
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE INDEX "Image_words_idx" ON "Image" USING gin ("userId", to_tsvector('simple', "prompt"));

-- The same photo counts once in a set.
CREATE UNIQUE INDEX "Photo_same_source_idx" ON "Photo" ("modelId", "sourceSha256") WHERE "state" = 'ready' AND "deletedAt" IS NULL;

-- Rows that change a few times soon after they are made: room on the page lets a change leave every index alone.
ALTER TABLE "Job" SET (fillfactor = 60);
ALTER TABLE "JobAttempt" SET (fillfactor = 60);
ALTER TABLE "GpuEvent" SET (fillfactor = 80);

ALTER TABLE "Erasure" ADD CONSTRAINT "Erasure_kind_check" CHECK ("kind" IN ('account', 'model', 'photo', 'image'));
ALTER TABLE "Erasure" ADD CONSTRAINT "Erasure_state_check" CHECK ("state" IN ('erasing', 'erased', 'swept'));
ALTER TABLE "Erasure" ADD CONSTRAINT "Erasure_requested_check" CHECK ("requestedBy" IN ('owner', 'identity-provider', 'operator'));
ALTER TABLE "DataExport" ADD CONSTRAINT "DataExport_state_check" CHECK ("state" IN ('making', 'ready'));

ALTER TABLE "Report" ADD CONSTRAINT "Report_state_check" CHECK ("state" IN ('open', 'dismissed', 'taken-down', 'suspended', 'gone'));
ALTER TABLE "Report" ADD CONSTRAINT "Report_reason_check" CHECK ("reason" IN ('without-consent', 'minor', 'sexual', 'illegal', 'other'));
ALTER TABLE "Report" ADD CONSTRAINT "Report_decided_check" CHECK (("state" = 'open') = ("decidedAt" IS NULL));
ALTER TABLE "Strike" ADD CONSTRAINT "Strike_reason_check" CHECK ("reason" IN ('prompt-minors', 'prompt-sexual', 'taken-down'));
-- Few reports wait at a time, among many that do not.
CREATE INDEX "Report_open_idx" ON "Report" ("id") WHERE "state" = 'open';
-- One place is one job's: parallel orders cannot both take the last one.
CREATE UNIQUE INDEX "LiveJob_place_idx" ON "LiveJob" ("userId", "place") WHERE "place" IS NOT NULL;

-- After the last sweep nothing says any more whose it was.
ALTER TABLE "Erasure" ADD CONSTRAINT "Erasure_swept_check" CHECK ("state" <> 'swept' OR ("userId" IS NULL AND "targetId" IS NULL AND "modelId" IS NULL AND "objectKey" IS NULL AND "subject" IS NULL AND "jobIds" = '{}' AND "photoIds" = '{}' AND "callIds" = '{}'));
-- One thing is erased once, however often it is asked for.
CREATE UNIQUE INDEX "Erasure_under_way_idx" ON "Erasure" ("kind", "targetId") WHERE "targetId" IS NOT NULL;

-- The audit log is only ever added to, whoever asks.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% takes no %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER "AuditEntry_only_grows" BEFORE UPDATE OR DELETE OR TRUNCATE ON "AuditEntry" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER "AuditLink_only_grows" BEFORE UPDATE OR DELETE OR TRUNCATE ON "AuditLink" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What was written waits to be linked; nobody who writes waits for the chain.
CREATE FUNCTION await_link() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "AuditUnlinked" ("entryId") VALUES (NEW."id");
  RETURN NULL;
END $$;
CREATE TRIGGER "AuditEntry_awaits_link" AFTER INSERT ON "AuditEntry" FOR EACH ROW EXECUTE FUNCTION await_link();

-- Role and status are logged whoever changes them, also by hand.
CREATE FUNCTION log_standing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."role" <> OLD."role" THEN
    INSERT INTO "AuditEntry" ("action", "subject", "detail")
    VALUES ('role.changed', NEW."pseudonym", jsonb_build_object('from', OLD."role", 'to', NEW."role"));
  END IF;
  IF NEW."status" <> OLD."status" THEN
    INSERT INTO "AuditEntry" ("action", "subject", "detail")
    VALUES ('status.changed', NEW."pseudonym", jsonb_build_object('from', OLD."status", 'to', NEW."status"));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER "User_standing_is_logged" AFTER UPDATE OF "role", "status" ON "User" FOR EACH ROW EXECUTE FUNCTION log_standing();
