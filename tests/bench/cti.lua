-- SPDX-License-Identifier: GPL-2.0-or-later
-- The least that a Lua dissector must do for CTI: length and type of each message.
local cti = Proto("ctilua", "CTI Server, in Lua")
local f_length = ProtoField.uint32("ctilua.length", "MessageLength")
local f_type = ProtoField.uint32("ctilua.type", "MessageType")
cti.fields = {f_length, f_type}

local function message(buffer, pinfo, tree)
    local item = tree:add(cti, buffer())
    pinfo.cols.protocol = "CTI"
    item:add(f_length, buffer(0, 4))
    item:add(f_type, buffer(4, 4))
    return buffer:len()
end

function cti.dissector(buffer, pinfo, tree)
    return dissect_tcp_pdus(buffer, tree, 8, function(b) return b(0, 4):uint() + 8 end, message)
end

DissectorTable.get("tcp.port"):add(42027, cti)
