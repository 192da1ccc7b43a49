// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// What can be done about a refusal that says too little by itself.
///
/// Told by what was asked and the status; the service's words decide only
/// between causes of one status, since they change from release to release.
enum RefusalHint {
    static func hint(for error: TranshipError, _ request: ServiceRequest) -> String? {
        guard let answer = error.answer else { return nil }
        let words = answer.message.lowercased()
        let parts = request.path.split(separator: "/").map(String.init)
        guard parts.count > 1 else { return nil }
        if parts[0] == "v1" { return legacy(parts, answer.status, words) }
        switch parts[1] {
        case "images": return image(parts, request.method, answer.status, words)
        case "cache": return cache(answer.status)
        case "metadefs" where answer.status == 403:
            return words.contains("protected")
                ? "unprotect it first" : "writing metadata definitions takes an admin by default"
        case "tasks" where answer.status == 403:
            return
                "only admins see all tasks; whoever may read an image may read that image's tasks"
        case "stores" where answer.status == 403, "info" where answer.status == 403:
            return words.contains("last") || words.contains("only store")
                ? "delete the image itself" : "this takes an admin by default"
        default: return nil
        }
    }

    private static func image(
        _ parts: [String], _ method: HTTPRequest.Method, _ status: Int, _ words: String
    ) -> String? {
        let part = parts.count > 3 ? parts[3] : ""
        switch (method, part, status) {
        case (.put, "file", 409), (.put, "stage", 409):
            return "an image takes its data once, while it is queued: create another image"
        case (.put, "file", 415):
            return "the data is not what disk_format says; delete the image and create it with "
                + "the right one, since what was refused may keep it from taking other data"
        case (.put, _, 413):
            return "usage shows this project's limits and what is used of them"
        case (.get, "file", 403):
            return "the data of a deactivated image is for admins; reactivate it first"
        case (.delete, "", 403) where words.contains("protected"):
            return "unprotect the image first"
        case (.delete, "", 409):
            return "something still uses it: a volume, a server, or a copy that shares its blocks"
        case (.post, "import", 409) where words.contains("stag") || words.contains("uploading"):
            return "stage the data first"
        case (.post, "import", 403) where words.contains("copy") || words.contains("import"):
            return "copying an image that is not one's own takes an admin by default"
        case (.post, "members", 403), (.put, "members", 403):
            return part == "members" && method == .put
                ? "only the member itself accepts or rejects, not the owner"
                : "only images whose visibility is shared have members"
        case (.post, "locations", 403):
            return "without a store of type http, only other services add locations"
        case (.post, "", 403) where words.contains("public"),
            (.patch, "", 403) where words.contains("public"):
            return "publishing takes an admin by default; community and shared do not"
        case (_, "", 404) where parts.count == 3:
            return "there is no image of that id, or this project may not see it"
        default: return nil
        }
    }

    private static func legacy(_ parts: [String], _ status: Int, _ words: String) -> String? {
        switch status {
        case 403 where words.contains("protected"): "unprotect the image first"
        case 404 where words.contains("is not active"): "only active images have data"
        case 404 where parts.count == 3 && parts[1] == "images":
            "there is no image of that id, or this project may not see it"
        case 409 where words.contains("unqueued"):
            "an image takes its data once, while it is queued: create another image"
        default: nil
        }
    }

    private static func cache(_ status: Int) -> String? {
        switch status {
        case 403: "managing the cache takes an admin by default"
        case 404: "there is no such image, or this cloud has no image cache (API 2.14)"
        case 409: "the nodes of this cloud keep their caches' books apart"
        default: nil
        }
    }
}
