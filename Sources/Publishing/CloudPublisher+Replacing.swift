// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import OpenStackImage

extension CloudPublisher {
    /// Hides, for `on_conflict: replace`, the images that had the name of the copy, which is now
    /// visible. Deletes none. Leaves an image alone if it has changed since the plan.
    func hideReplaced(_ transfer: inout Transfer) async throws(TranshipError) {
        var hidden: [String] = []
        for id in transfer.record.replaces ?? [] {
            guard let image = try await service.imageIfPresent(id) else { continue }
            guard image.name == transfer.record.shownName, !image.isProtected,
                image.properties[Origin.propertyName] == nil
            else {
                transfer.remark(.notReplaced(imageID: id))
                continue
            }
            if !image.isHidden {
                _ = try await service.update(id, [.replace("os_hidden", .bool(true))])
            }
            hidden.append(id)
            transfer.remark(.hidden(imageID: id))
        }
        // A rollback shows these images again.
        if transfer.record.replaces != nil { transfer.intent.record.replaces = hidden }
    }
}
