// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel

/// The cases of ``PlanReason`` without their values. The compiler asks for each new case below, and
/// the tests then ask for a sample of it.
enum PlanReasonKind: CaseIterable {
    case refused, notAtTarget, earlierVersionStays, alreadyAtTarget, sameDataSameName,
        sameDataSameID, continues, continuesRecord, unfinishedGeneration, failedBefore,
        deletedAtTarget, dataLost, toBePublished, toBeProved, missingInStores, fieldsChanged,
        copiedOtherwise, referenceCopiedAgain, nameTaken, keptIDTaken, keptIDDeleted,
        copyHasOtherData, copyCannotBeProved, sourceNotSelected, noSource, markerUnderForeignID,
        recordGone, journalBehind, provedBy, nothingPromised, notProvedYet, unfinished,
        markerProvesNothing, interruptedRunNeedsIt, nextRunContinuesIt, sourceIDWouldBurn,
        changedByOthers, inOtherProject, goneMeanwhile, changedMeanwhile, busySince,
        busySinceUnknown, removalFailed, madeByRun, removedBefore, finishedByLaterRun,
        changedByRun, targetNotInPipeline, neededBy, replaced, replacedByEarlier, expired,
        currentAgain, journalDoesNotKnow, notOurs, protectedByHand, editedByHand, deletesLimit,
        inUse, currentNotDone, currentNotShown, becomesCurrent, nameHeld, rolledBack, rollback,
        isCurrent, amongKept, notExpired, neverDeleted, dataIsLocal, dataIsDecompressed,
        dataIsConverted, urlNeedsSecrets, noSharedKeystone, oneImageService, namedByPipeline,
        namedByPipelineUnproved, namedByPipelineReadBack, importsNeedKeystone, methodNotOffered,
        nothingPromisedToCompare, digestsDiffer, targetFetches, idIsKept, methodFailed,
        fillsSeveralStores, fetchedByTarget, severalTargets, sourceBreaks, oneTarget

    init(_ reason: PlanReason) {
        switch reason {
        case .refused: self = .refused
        case .notAtTarget: self = .notAtTarget
        case .earlierVersionStays: self = .earlierVersionStays
        case .alreadyAtTarget: self = .alreadyAtTarget
        case .sameDataSameName: self = .sameDataSameName
        case .sameDataSameID: self = .sameDataSameID
        case .continues: self = .continues
        case .continuesRecord: self = .continuesRecord
        case .unfinishedGeneration: self = .unfinishedGeneration
        case .failedBefore: self = .failedBefore
        case .deletedAtTarget: self = .deletedAtTarget
        case .dataLost: self = .dataLost
        case .toBePublished: self = .toBePublished
        case .toBeProved: self = .toBeProved
        case .missingInStores: self = .missingInStores
        case .fieldsChanged: self = .fieldsChanged
        case .copiedOtherwise: self = .copiedOtherwise
        case .referenceCopiedAgain: self = .referenceCopiedAgain
        case .nameTaken: self = .nameTaken
        case .keptIDTaken: self = .keptIDTaken
        case .keptIDDeleted: self = .keptIDDeleted
        case .copyHasOtherData: self = .copyHasOtherData
        case .copyCannotBeProved: self = .copyCannotBeProved
        case .sourceNotSelected: self = .sourceNotSelected
        case .noSource: self = .noSource
        case .markerUnderForeignID: self = .markerUnderForeignID
        case .recordGone: self = .recordGone
        case .journalBehind: self = .journalBehind
        case .provedBy: self = .provedBy
        case .nothingPromised: self = .nothingPromised
        case .notProvedYet: self = .notProvedYet
        case .unfinished: self = .unfinished
        case .markerProvesNothing: self = .markerProvesNothing
        case .interruptedRunNeedsIt: self = .interruptedRunNeedsIt
        case .nextRunContinuesIt: self = .nextRunContinuesIt
        case .sourceIDWouldBurn: self = .sourceIDWouldBurn
        case .changedByOthers: self = .changedByOthers
        case .inOtherProject: self = .inOtherProject
        case .goneMeanwhile: self = .goneMeanwhile
        case .changedMeanwhile: self = .changedMeanwhile
        case .busySince: self = .busySince
        case .busySinceUnknown: self = .busySinceUnknown
        case .removalFailed: self = .removalFailed
        case .madeByRun: self = .madeByRun
        case .removedBefore: self = .removedBefore
        case .finishedByLaterRun: self = .finishedByLaterRun
        case .changedByRun: self = .changedByRun
        case .targetNotInPipeline: self = .targetNotInPipeline
        case .neededBy: self = .neededBy
        case .replaced: self = .replaced
        case .replacedByEarlier: self = .replacedByEarlier
        case .expired: self = .expired
        case .currentAgain: self = .currentAgain
        case .journalDoesNotKnow: self = .journalDoesNotKnow
        case .notOurs: self = .notOurs
        case .protectedByHand: self = .protectedByHand
        case .editedByHand: self = .editedByHand
        case .deletesLimit: self = .deletesLimit
        case .inUse: self = .inUse
        case .currentNotDone: self = .currentNotDone
        case .currentNotShown: self = .currentNotShown
        case .becomesCurrent: self = .becomesCurrent
        case .nameHeld: self = .nameHeld
        case .rolledBack: self = .rolledBack
        case .rollback: self = .rollback
        case .isCurrent: self = .isCurrent
        case .amongKept: self = .amongKept
        case .notExpired: self = .notExpired
        case .neverDeleted: self = .neverDeleted
        case .dataIsLocal: self = .dataIsLocal
        case .dataIsDecompressed: self = .dataIsDecompressed
        case .dataIsConverted: self = .dataIsConverted
        case .urlNeedsSecrets: self = .urlNeedsSecrets
        case .noSharedKeystone: self = .noSharedKeystone
        case .oneImageService: self = .oneImageService
        case .namedByPipeline: self = .namedByPipeline
        case .namedByPipelineUnproved: self = .namedByPipelineUnproved
        case .namedByPipelineReadBack: self = .namedByPipelineReadBack
        case .importsNeedKeystone: self = .importsNeedKeystone
        case .methodNotOffered: self = .methodNotOffered
        case .nothingPromisedToCompare: self = .nothingPromisedToCompare
        case .digestsDiffer: self = .digestsDiffer
        case .targetFetches: self = .targetFetches
        case .idIsKept: self = .idIsKept
        case .methodFailed: self = .methodFailed
        case .fillsSeveralStores: self = .fillsSeveralStores
        case .fetchedByTarget: self = .fetchedByTarget
        case .severalTargets: self = .severalTargets
        case .sourceBreaks: self = .sourceBreaks
        case .oneTarget: self = .oneTarget
        }
    }
}
