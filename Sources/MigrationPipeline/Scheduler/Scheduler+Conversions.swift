// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import MigrationModel

/// A target that converts on import converts every image of one format. What the first one of a
/// run shows counts for the others, so that not each of them is staged, imported and discarded.
extension Scheduler {
    /// Images that a target converts alike.
    struct Conversion: Hashable, Sendable {
        var targetKey: String
        var diskFormat: String?
        var containerFormat: String?

        init(_ transfer: Transfer) {
            targetKey = transfer.targetKey
            diskFormat = transfer.record.diskFormat
            containerFormat = transfer.record.containerFormat
        }
    }

    func noteConversion(_ transfer: Transfer, _ error: TranshipError) {
        guard error.code == .transformed else { return }
        state.withLock { state in
            let known = state.conversions[Conversion(transfer)]
            state.conversions[Conversion(transfer)] = known ?? error
        }
    }

    /// The transfer by the method that converts nothing, before its data is read.
    ///
    /// - Throws: the error of the first image if the pipeline names the method.
    func avoidingConversion(_ given: Transfer) throws(TranshipError) -> Transfer {
        guard given.state == .planned, given.method.isImport, !given.record.acceptsTransformed,
            let error = state.withLock({ $0.conversions[Conversion(given)] })
        else { return given }
        guard let transfer = given.uploadedInstead(because: error) else {
            throw TranshipError(
                .transformed, "not sent, since another image showed that \(error.message)",
                hint: error.hint)
        }
        return transfer
    }
}

extension Transfer {
    /// The transfer by upload, which no service converts, after an import that did. Nil if the
    /// pipeline names the method, or if the copy is not ours to discard.
    func uploadedInstead(because error: TranshipError) -> Transfer? {
        let isChosenByUs: Bool =
            switch intent.methodReason {
            case .fillsSeveralStores: true
            default: intent.fallbacks.contains(.upload)
            }
        guard method.isImport, isChosenByUs, !placement.isAdopted else { return nil }
        var copy = self
        copy.remark(.converted(method))
        copy.intent.methodReason = .methodFailed(method, message: error.message)
        copy.intent.method = .upload
        copy.intent.fallbacks = []
        return copy
    }
}
