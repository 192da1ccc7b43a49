// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// The checks of `keep_id` that planning can make in advance.
enum KeptIDs {
    /// Returns the reason why an image that must keep its id at a target cannot keep it; nil if it
    /// can.
    static func refusal(
        _ image: SourceImage, from source: any ImageSource, to target: PlanningTarget
    ) -> TranshipError? {
        guard target.rules.image.keepID == .required else { return nil }
        guard let id = image.imageID else {
            return TranshipError(
                .refused, "keep_id is true, and only images of clouds have an id to keep",
                hint: "use keep_id: prefer, or a pipeline of its own for the clouds")
        }
        guard isUUID(id) else {
            return TranshipError(
                .refused,
                "keep_id is true, and its id \(id) is not a UUID, which the target requires",
                hint: "use keep_id: prefer")
        }
        if target.isOneService(with: source) {
            return TranshipError(
                .refused,
                "keep_id is true, and source and target are one Image service, where an id is "
                    + "given out once",
                hint: "use keep_id: prefer or false")
        }
        return nil
    }

    /// True if an Image service accepts a request for this id.
    static func isUUID(_ id: String) -> Bool { UUID(uuidString: id) != nil }
}

extension Negotiation.Choice {
    /// The choice for a copy that keeps its id. If the service fetched wrong data, deleting the
    /// image would lose the id. So the bytes pass through Tranship.
    var keepingID: Negotiation.Choice {
        guard method.isServerSide, let other = fallbacks.first(where: { !$0.isServerSide }) else {
            return self
        }
        return Negotiation.Choice(
            method: other, fallbacks: fallbacks.filter { $0 != other && !$0.isServerSide },
            reason: .idIsKept)
    }
}
