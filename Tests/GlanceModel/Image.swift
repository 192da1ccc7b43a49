// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics

extension GlanceModel {
    /// One image of the model, with the parts that clients see and those that they do not.
    package struct Image: Sendable {
        package struct Member: Sendable {
            package var project: String
            /// `pending`, `accepted` or `rejected`.
            package var status = "pending"

            package init(project: String) { self.project = project }
        }

        package let id: String
        /// The record as clients read it, except for `updated_at`.
        package var fields: [String: JSONValue]
        package var data: [UInt8]?
        package var staged: [UInt8]?
        package var members: [Member] = []
        package var tasks: [[String: JSONValue]] = []
        /// The number of the upload, stage or import that was started last.
        package var work = 0
        /// Milliseconds since 1970.
        package var updatedAtMilliseconds: Int64
        /// A number that orders images created in the same second.
        let number: Int

        init(_ id: String, owner: String, number: Int, at milliseconds: Int64) {
            self.id = id
            self.number = number
            updatedAtMilliseconds = milliseconds
            fields = [
                "id": .string(id), "status": "queued", "visibility": "private",
                "protected": false, "os_hidden": false, "disk_format": "raw",
                "container_format": "bare", "tags": [], "min_disk": 0, "min_ram": 0,
                "name": nil, "size": nil, "virtual_size": nil, "checksum": nil,
                "os_hash_algo": nil, "os_hash_value": nil, "owner": .string(owner),
                "created_at": .string(UTCText.text(milliseconds)),
                "self": .string("/v2/images/\(id)"),
                "file": .string("/v2/images/\(id)/file"), "schema": "/v2/schemas/image",
            ]
        }

        package var status: String {
            get { fields["status"]?.string ?? "" }
            set { fields["status"] = .string(newValue) }
        }

        /// The record as a client reads it. A deactivated image shows no stores.
        package var shown: JSONValue {
            var fields = fields
            if fields["updated_at"] == nil {
                fields["updated_at"] = .string(UTCText.text(updatedAtMilliseconds))
            }
            if status == "deactivated" { fields["stores"] = nil }
            return .object(fields)
        }

        var visibility: String { fields["visibility"]?.string ?? "" }

        func isOwned(by caller: Caller) -> Bool {
            caller.isAdmin || fields["owner"] == .string(caller.project)
        }

        func isVisible(to caller: Caller) -> Bool {
            switch visibility {
            case "public", "community": true
            case "shared":
                isOwned(by: caller) || members.contains { $0.project == caller.project }
            default: isOwned(by: caller)
            }
        }

        /// Returns true if an image is in the caller's list, which has fewer images than the caller
        /// may read.
        func isListed(for caller: Caller, _ visibility: String?) -> Bool {
            if let visibility, visibility != "all", visibility != self.visibility { return false }
            if fields["owner"] == .string(caller.project) { return true }
            switch self.visibility {
            case "public": return true
            case "community": return visibility == "community" || visibility == "all"
            case "shared":
                return caller.isAdmin
                    || members.contains {
                        $0.project == caller.project && $0.status == "accepted"
                    }
            default: return caller.isAdmin
            }
        }

        /// Records that the running import has ended.
        mutating func endTask(_ status: String, _ message: String) {
            guard let last = tasks.indices.last else { return }
            tasks[last]["status"] = .string(status)
            tasks[last]["message"] = .string(message)
        }
    }
}
