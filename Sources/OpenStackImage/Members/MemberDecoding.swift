// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension Member {
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    init(json: JSONValue) throws(TranshipError) {
        guard let record = json.object, let memberID = record["member_id"]?.string else {
            throw TranshipError(.invalidAnswer, "an image member without a member_id")
        }
        self.memberID = memberID
        self.record = record
        imageID = record["image_id"]?.string ?? ""
        status = Status(rawValue: record["status"]?.string ?? "pending")
        createdAt = record["created_at"]?.string
        updatedAt = record["updated_at"]?.string
    }
}
