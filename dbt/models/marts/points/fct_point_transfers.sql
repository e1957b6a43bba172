{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail') }}

with

transfers as (
    select * from {{ ref('stg_ledger__transfers') }}
    {% if is_incremental() %}
    where transfer_id > (select coalesce(max(known.transfer_id), 0) from {{ this }} as known)
    {% endif %}
),

documents as (
    select orders.order_id, orders.distributor_id
    from {{ ref('fct_orders') }} as orders
    where orders.leg = 'sell_through'
)

select
    transfers.transfer_id,
    transfers.journal_id,
    transfers.kind,
    cast(case when members.kind = 'retailer' then transfers.member_party_id else 0 end as bigint) as retailer_id,
    cast(case
        when members.kind = 'distributor' then transfers.member_party_id
        else coalesce(transfers.distributor_party_id, documents.distributor_id, 0)
    end as bigint) as distributor_id,
    transfers.lot_id,
    transfers.points,
    transfers.debit_account,
    transfers.credit_account,
    transfers.effective_at,
    transfers.recorded_at,
    transfers.programme_id,
    transfers.rule_id,
    transfers.rule_version,
    transfers.source_id,
    transfers.document_no,
    transfers.currency
from transfers
left join {{ ref('dim_party') }} as members on transfers.member_party_id = members.party_id
left join documents on transfers.order_id = documents.order_id
