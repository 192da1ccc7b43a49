// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel

/// The cases of ``PlanReason`` without their values. The compiler asks for each new case below, and
/// the tests then ask for a sample of it.
enum PlanReasonKind: CaseIterable {
    case refused, notAtTarget, earlierVersionStays, alreadyAtTarget, sameDataSameName,
        sameDataSameID, continues, continuesRecord, unfinishedGeneration, failedBefore,
        deletedAtTarget, dataLost, damaged, damagedUnknown, toBePublished, toBeProved,
        missingInStores, fieldsChanged,
        copiedOtherwise, referenceCopiedAgain, nameTaken, keptIDTaken, keptIDDeleted,
        copyHasOtherData, copyCannotBeProved, sourceNotSelected, noSource, markerUnderForeignID,
        recordGone, journalBehind, provedBy, nothingPromised, notProvedYet, unfinished,
        markerProvesNothing, interruptedRunNeedsIt, nextRunContinuesIt, sourceIDWouldBurn,
        changedByOthers, inOtherProject, goneMeanwhile, changedMeanwhile, busySince,
        busySinceUnknown, removalFailed, madeByRun, removedBefore, neverMade, finishedByLaterRun,
        changedByRun, updatedByRun, deletedByRun, targetNotInPipeline, neededBy, replaced,
        replacedByEarlier, neverCurrent,
        expired,
        currentAgain, journalDoesNotKnow, notOurs, protectedByHand, editedByHand, deletesLimit,
        inUse, currentNotDone, sameDataAsNew, currentNotShown, becomesCurrent, nameHeld,
        nameHeldByUnknown,
        rolledBack,
        rollback,
        isCurrent, amongKept, notExpired, neverDeleted, dataIsLocal, dataIsDecompressed,
        dataIsConverted, urlNeedsSecrets, noSharedKeystone, oneImageService, namedByPipeline,
        namedByPipelineUnproved, namedByPipelineReadBack, importsNeedKeystone, methodNotOffered,
        nothingPromisedToCompare, digestsDiffer, targetFetches, idIsKept, methodFailed,
        fillsSeveralStores, fetchedByTarget, severalTargets, sourceBreaks, isSpooled, oneTarget,
        targetFetchesFaster, sendingIsFaster, methodStays, methodOfSavedPlan, imageIsSmall

    /// A table with a line for each case.
    static let of: @Sendable (PlanReason) -> PlanReasonKind = { reason in
        switch reason {
        case .refused: .refused
        case .notAtTarget: .notAtTarget
        case .earlierVersionStays: .earlierVersionStays
        case .alreadyAtTarget: .alreadyAtTarget
        case .sameDataSameName: .sameDataSameName
        case .sameDataSameID: .sameDataSameID
        case .continues: .continues
        case .continuesRecord: .continuesRecord
        case .unfinishedGeneration: .unfinishedGeneration
        case .failedBefore: .failedBefore
        case .deletedAtTarget: .deletedAtTarget
        case .dataLost: .dataLost
        case .damaged: .damaged
        case .damagedUnknown: .damagedUnknown
        case .toBePublished: .toBePublished
        case .toBeProved: .toBeProved
        case .missingInStores: .missingInStores
        case .fieldsChanged: .fieldsChanged
        case .copiedOtherwise: .copiedOtherwise
        case .referenceCopiedAgain: .referenceCopiedAgain
        case .nameTaken: .nameTaken
        case .keptIDTaken: .keptIDTaken
        case .keptIDDeleted: .keptIDDeleted
        case .copyHasOtherData: .copyHasOtherData
        case .copyCannotBeProved: .copyCannotBeProved
        case .sourceNotSelected: .sourceNotSelected
        case .noSource: .noSource
        case .markerUnderForeignID: .markerUnderForeignID
        case .recordGone: .recordGone
        case .journalBehind: .journalBehind
        case .provedBy: .provedBy
        case .nothingPromised: .nothingPromised
        case .notProvedYet: .notProvedYet
        case .unfinished: .unfinished
        case .markerProvesNothing: .markerProvesNothing
        case .interruptedRunNeedsIt: .interruptedRunNeedsIt
        case .nextRunContinuesIt: .nextRunContinuesIt
        case .sourceIDWouldBurn: .sourceIDWouldBurn
        case .changedByOthers: .changedByOthers
        case .inOtherProject: .inOtherProject
        case .goneMeanwhile: .goneMeanwhile
        case .changedMeanwhile: .changedMeanwhile
        case .busySince: .busySince
        case .busySinceUnknown: .busySinceUnknown
        case .removalFailed: .removalFailed
        case .madeByRun: .madeByRun
        case .removedBefore: .removedBefore
        case .neverMade: .neverMade
        case .finishedByLaterRun: .finishedByLaterRun
        case .changedByRun: .changedByRun
        case .updatedByRun: .updatedByRun
        case .deletedByRun: .deletedByRun
        case .targetNotInPipeline: .targetNotInPipeline
        case .neededBy: .neededBy
        case .replaced: .replaced
        case .replacedByEarlier: .replacedByEarlier
        case .neverCurrent: .neverCurrent
        case .expired: .expired
        case .currentAgain: .currentAgain
        case .journalDoesNotKnow: .journalDoesNotKnow
        case .notOurs: .notOurs
        case .protectedByHand: .protectedByHand
        case .editedByHand: .editedByHand
        case .deletesLimit: .deletesLimit
        case .inUse: .inUse
        case .currentNotDone: .currentNotDone
        case .sameDataAsNew: .sameDataAsNew
        case .currentNotShown: .currentNotShown
        case .becomesCurrent: .becomesCurrent
        case .nameHeld: .nameHeld
        case .nameHeldByUnknown: .nameHeldByUnknown
        case .rolledBack: .rolledBack
        case .rollback: .rollback
        case .isCurrent: .isCurrent
        case .amongKept: .amongKept
        case .notExpired: .notExpired
        case .neverDeleted: .neverDeleted
        case .dataIsLocal: .dataIsLocal
        case .dataIsDecompressed: .dataIsDecompressed
        case .dataIsConverted: .dataIsConverted
        case .urlNeedsSecrets: .urlNeedsSecrets
        case .noSharedKeystone: .noSharedKeystone
        case .oneImageService: .oneImageService
        case .namedByPipeline: .namedByPipeline
        case .namedByPipelineUnproved: .namedByPipelineUnproved
        case .namedByPipelineReadBack: .namedByPipelineReadBack
        case .importsNeedKeystone: .importsNeedKeystone
        case .methodNotOffered: .methodNotOffered
        case .nothingPromisedToCompare: .nothingPromisedToCompare
        case .digestsDiffer: .digestsDiffer
        case .targetFetches: .targetFetches
        case .idIsKept: .idIsKept
        case .methodFailed: .methodFailed
        case .fillsSeveralStores: .fillsSeveralStores
        case .fetchedByTarget: .fetchedByTarget
        case .severalTargets: .severalTargets
        case .sourceBreaks: .sourceBreaks
        case .isSpooled: .isSpooled
        case .oneTarget: .oneTarget
        case .targetFetchesFaster: .targetFetchesFaster
        case .sendingIsFaster: .sendingIsFaster
        case .methodStays: .methodStays
        case .methodOfSavedPlan: .methodOfSavedPlan
        case .imageIsSmall: .imageIsSmall
        }
    }
}
