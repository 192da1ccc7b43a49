// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension LegacyMember {
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    init(json: JSONValue) throws(TranshipError) {
        guard let memberID = json["member_id"]?.string else {
            throw TranshipError(.invalidAnswer, "an image member without a member_id")
        }
        self.init(memberID: memberID, canShare: json["can_share"]?.bool ?? false)
    }

    var json: JSONValue {
        ["member_id": .string(memberID), "can_share": .bool(canShare)]
    }
}

extension LegacySharedImage {
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    init(json: JSONValue) throws(TranshipError) {
        guard let imageID = json["image_id"]?.string else {
            throw TranshipError(.invalidAnswer, "a shared image without an image_id")
        }
        self.imageID = imageID
        canShare = json["can_share"]?.bool ?? false
    }
}
