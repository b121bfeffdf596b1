"""Call-backs (客户回访记录表) of every dispatch, and the quarterly return visits (workflows, Call-back, Return visits)."""
